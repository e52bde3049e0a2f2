"""What a training's one score is called."""

from core.types import Task

SCORE_NAMES = {
    Task.SINGLE: "Balanced accuracy",
    Task.MULTI: "Mean average precision",
    Task.ORDINAL: "Quadratic kappa",
    Task.REGRESSION: "R²",
}
"""The score by which validation chooses (`core.training.score`), by task."""
