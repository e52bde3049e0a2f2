"""How good a model is, with the uncertainty of the number. Pure."""

from core.evaluation.classification import ClassScore, Interval, Scores, score_classes, wilson
from core.evaluation.score_names import SCORE_NAMES

__all__ = ["SCORE_NAMES", "ClassScore", "Interval", "Scores", "score_classes", "wilson"]
