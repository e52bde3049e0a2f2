"""What a training's one score is called, and what it can be."""

import math

from core.types import Task

SCORE_NAMES = {
    Task.SINGLE: "Balanced accuracy",
    Task.MULTI: "Mean average precision",
    Task.ORDINAL: "Agreement (kappa)",
    Task.REGRESSION: "R²",
}
"""The score by which validation chooses (`core.training.score`), by task."""
LOWEST_SCORES = {Task.SINGLE: 0.0, Task.MULTI: 0.0, Task.ORDINAL: -1.0, Task.REGRESSION: -math.inf}
"""No such score can be less; none can be more than 1."""
