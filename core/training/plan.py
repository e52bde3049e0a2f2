"""What learns when, and how fast."""

from collections.abc import Iterable
from math import ceil, cos, pi

import torch
from torch import nn

from core.models import Network, units
from core.recipes import Recipe, usual_batch

APART = 0.5
"""Share of a two-step training's epochs in which the branches learn apart."""
THAWING = 0.6
"""Share of a gradual training's epochs after which everything has thawed."""


def choose_batch_size(recipe: Recipe, pictures: int) -> int:
    """The recipe's batch size, or the usual one."""
    return min(recipe.batch_size, pictures) if recipe.batch_size else usual_batch(pictures)


def branches_apart(recipe: Recipe, epoch: int) -> bool:
    """Whether the branches still learn apart in an epoch (from 1): the first step of two."""
    return epoch <= apart_epochs(recipe)


def apart_epochs(recipe: Recipe) -> int:
    """How many epochs the first step of two has; 0 for any other training."""
    return max(1, round(APART * recipe.epochs)) if recipe.tune == "two_step" else 0


def thawed_stages(recipe: Recipe, epoch: int, count: int) -> int | None:
    """How many of `count` stages learn in an epoch (from 1), from the top; None for everything."""
    if recipe.tune.startswith("last:"):
        return min(count, int(recipe.tune.removeprefix("last:")))
    if recipe.tune == "two_step" and not branches_apart(recipe, epoch):
        first = apart_epochs(recipe)
        thawed = (epoch - first - 1) * (count + 1) // max(1, recipe.epochs - first)
        return thawed if thawed < count else None
    if recipe.tune != "gradual":
        return None
    steps = max(1, ceil(THAWING * recipe.epochs))
    thawed = 1 + (epoch - 1) * count // steps
    return thawed if thawed < count else None


def settled_epoch(recipe: Recipe, count: int) -> int:
    """The epoch (from 1) after which no more of a network of `count` stages begins to learn."""
    last = thawed_stages(recipe, recipe.epochs, count)
    changing = (epoch for epoch in range(1, recipe.epochs) if thawed_stages(recipe, epoch, count) != last)
    return max(changing, default=0) + 1


def rate_factor(step: int, steps: int, warmup: float, *, falls: bool = True) -> float:
    """What the learning rate is multiplied by in a step (from 0): linear warm-up, then a half cosine to 0, or 1.

    https://arxiv.org/abs/1706.02677, https://arxiv.org/abs/1608.03983
    """
    climbing = round(warmup * steps)
    if step < climbing:
        return (step + 1) / climbing
    if not falls:
        return 1.0
    return 0.5 * (1 + cos(pi * (step - climbing) / (steps - climbing)))


def scheduled(recipe: Recipe, step: int, steps: int) -> float:
    """`rate_factor` in a step (from 0) of a training of `steps` an epoch; each of two steps climbs and falls anew."""
    first, total = apart_epochs(recipe) * steps, recipe.epochs * steps
    begun, length = (0, first) if step < first else (first, total - first)
    return rate_factor(step - begun, length, recipe.warmup, falls=recipe.schedule == "cosine")


def build_optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    """Head and stages with their own learning rates, biases and norms with their own weight decay."""
    groups: list[dict[str, object]] = []
    for parameters, factor in _levels(network, recipe):
        rate = recipe.learning_rate * factor
        for group in decaying(parameters, recipe.weight_decay, spared=recipe.no_bias_decay):
            groups.append({**group, "lr": rate, "base_lr": rate})
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=0.9, nesterov=True, fused=True)
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)


def decaying(parameters: Iterable[nn.Parameter], decay: float, *, spared: bool = True) -> list[dict[str, object]]:
    """An optimizer's groups: biases and norms, if `spared`, without weight decay (https://arxiv.org/abs/1812.01187)."""
    split: dict[float, list[nn.Parameter]] = {}
    for item in parameters:
        split.setdefault(decay if item.ndim > 1 or not spared else 0.0, []).append(item)
    return [{"params": chosen, "weight_decay": value} for value, chosen in split.items()]


def _levels(network: Network, recipe: Recipe) -> list[tuple[list[nn.Parameter], float]]:
    """Parameters and what their learning rate is multiplied by, from the head down."""
    levels = [(list(network.head.parameters()), 1.0)]
    if recipe.layer_decay == 1:
        return [*levels, (list(network.body.parameters()), recipe.backbone_factor)]
    factor, seen = recipe.backbone_factor, set[int]()
    for unit in reversed(units(network)):
        parameters = list(unit.parameters())
        seen |= {id(item) for item in parameters}
        levels.append((parameters, factor))
        factor *= recipe.layer_decay
    return [*levels, ([item for item in network.body.parameters() if id(item) not in seen], factor)]


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Multiply every group's own learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor
