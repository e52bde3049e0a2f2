"""How good a model is, with the uncertainty of the number. Pure."""

from core.evaluation.calibration import ReliabilityBin
from core.evaluation.classification import score_classes
from core.evaluation.comparison import Difference
from core.evaluation.figures import FIGURES, Figure
from core.evaluation.folds import FoldSummary, summarise_folds
from core.evaluation.interval import Interval, Units, proportion, units_of, wilson
from core.evaluation.multilabel import OUTCOMES, flags, score_sets
from core.evaluation.regression import score_numbers
from core.evaluation.score_names import SCORE_NAMES
from core.evaluation.scores import ClassScore, Scores
from core.evaluation.thresholds import choose_thresholds

__all__ = [
    "FIGURES",
    "OUTCOMES",
    "SCORE_NAMES",
    "ClassScore",
    "Difference",
    "Figure",
    "FoldSummary",
    "Interval",
    "ReliabilityBin",
    "Scores",
    "Units",
    "choose_thresholds",
    "flags",
    "proportion",
    "score_classes",
    "score_numbers",
    "score_sets",
    "summarise_folds",
    "units_of",
    "wilson",
]
