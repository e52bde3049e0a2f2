"""How good a model is, with the uncertainty of the number. Pure."""

from core.evaluation.calibration import ReliabilityBin
from core.evaluation.classification import score_classes
from core.evaluation.comparison import Difference
from core.evaluation.figures import FIGURES, Figure
from core.evaluation.folds import (
    FoldSummary,
    fold_heading,
    fold_lines,
    fold_names,
    fold_notes,
    folds_how,
    folds_sentence,
    folds_words,
    mean_words,
    summarise_folds,
    turns_words,
)
from core.evaluation.interval import Interval, Units, proportion, triple, units_of, wilson
from core.evaluation.multilabel import OUTCOMES, flags, score_sets
from core.evaluation.regression import score_numbers
from core.evaluation.resampling import FEWEST
from core.evaluation.score_names import LOWEST_SCORES, SCORE_NAMES
from core.evaluation.scores import ClassScore, Scores
from core.evaluation.thresholds import choose_thresholds
from core.evaluation.trust import Grade, best, in_order, judge

__all__ = [
    "FEWEST",
    "FIGURES",
    "LOWEST_SCORES",
    "OUTCOMES",
    "SCORE_NAMES",
    "ClassScore",
    "Difference",
    "Figure",
    "FoldSummary",
    "Grade",
    "Interval",
    "ReliabilityBin",
    "Scores",
    "Units",
    "best",
    "choose_thresholds",
    "flags",
    "fold_heading",
    "fold_lines",
    "fold_names",
    "fold_notes",
    "folds_how",
    "folds_sentence",
    "folds_words",
    "in_order",
    "judge",
    "mean_words",
    "proportion",
    "score_classes",
    "score_numbers",
    "score_sets",
    "summarise_folds",
    "triple",
    "turns_words",
    "units_of",
    "wilson",
]
