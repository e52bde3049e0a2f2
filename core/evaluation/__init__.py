"""How good a model is, with the uncertainty of the number. Pure."""

from core.evaluation.classification import ClassScore, Interval, Scores, score_classes, wilson

__all__ = ["ClassScore", "Interval", "Scores", "score_classes", "wilson"]
