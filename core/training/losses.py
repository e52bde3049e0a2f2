"""What is made small: one loss per task, on logits (N, K)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from core.recipes import Recipe
from core.types import Task

Loss = Callable[[Tensor, Tensor], Tensor]
MOST_WEIGHT = 10.0


def build_loss(task: Task, recipe: Recipe, targets: Tensor, outputs: int) -> Loss:
    """The loss for a task, weighted by the training part's targets if the recipe balances.

    Targets are (N,) class positions for single and ordinal, or (N, K) shares of classes after mixup; (N, K) zeros
    and ones for multi; (N,) standardised numbers for regression.
    """
    if task is Task.REGRESSION:
        # Huber: far-off labels pull linearly, not squared.
        return lambda logits, numbers: functional.smooth_l1_loss(logits[:, 0], numbers)
    if task is Task.MULTI:
        return _several(targets, balance=recipe.balance)
    weights = class_weights(targets, outputs) if recipe.balance else None

    def one(logits: Tensor, classes: Tensor) -> Tensor:
        weight = None if weights is None else weights.to(logits.device)
        return functional.cross_entropy(logits, classes, weight=weight, label_smoothing=recipe.label_smoothing)

    return one


def class_weights(targets: Tensor, outputs: int) -> Tensor:
    """(K,) inverse frequencies whose mean over the training part is 1; 0 for a class without pictures."""
    counts = torch.bincount(targets, minlength=outputs).float()
    return torch.where(counts > 0, len(targets) / (counts.clamp_min(1) * (counts > 0).sum()), 0.0)


def _several(targets: Tensor, *, balance: bool) -> Loss:
    there = targets.sum(0).clamp_min(1)
    weights = ((len(targets) - there) / there).clamp(1 / MOST_WEIGHT, MOST_WEIGHT) if balance else None

    def several(logits: Tensor, classes: Tensor) -> Tensor:
        weight = None if weights is None else weights.to(logits.device)
        return functional.binary_cross_entropy_with_logits(logits, classes, pos_weight=weight)

    return several
