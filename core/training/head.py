"""A linear head on features computed once: seconds, and hard to beat with few pictures (https://arxiv.org/abs/1805.08974)."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import Diverged
from core.models import Network
from core.models.grades import new_head
from core.recipes import Recipe
from core.training.losses import Loss, build_loss
from core.training.plan import decaying
from core.training.reading import no_number
from core.training.scores import score
from core.types import Task

SURER, TEMPERATURES = (0, 4, 81), (-2, 2, 401)
"""What answers are divided by: of a head that may only be made less sure, and to calibrate. As `torch.logspace`."""


@dataclass(frozen=True, slots=True)
class HeadFit:
    """The best epoch's head. `score` is the task's score on validation."""

    weight: Tensor
    bias: Tensor
    best_epoch: int
    score: float


Report = Callable[[int, dict[str, float]], None]
Link = Callable[[Tensor], Tensor]


def fit_head(
    task: Task,
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    outputs: int,
    recipe: Recipe,
    report: Report,
    link: Link = lambda said: said,
    start: tuple[Tensor, Tensor] | None = None,
) -> HeadFit:
    """Fit a linear model by AdamW on features (N, F) and targets; validation chooses the epoch.

    `outputs` are the head's own; `link` makes logits (N, K) of them, as `Network.link`.

    It begins at zero, or at a weight (K, F) and bias (K,) to `start` from, made less sure where the new pictures show
    it too sure; that is what it ends with, too, if no epoch makes it better (then `best_epoch` is 0).
    Raises Diverged for features or a loss that are no numbers.
    """
    if not all(bool(features.isfinite().all()) for features, _ in (train, validation)):
        raise Diverged("The network's features are no numbers.", hint="Start again from other weights.")
    mean, scale = train[0].mean(0), train[0].std(0, correction=0).clamp_min(1e-6)
    x, y = (train[0] - mean) / scale, train[1]
    x_validation, y_validation = (validation[0] - mean) / scale, validation[1]
    loss_of = build_loss(task, recipe, y, link(torch.zeros(1, outputs)).shape[1])
    head = new_head(x.shape[1], outputs, shared=recipe.shared)
    groups = decaying(head.parameters(), recipe.weight_decay, spared=recipe.no_bias_decay)
    optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate)
    best: HeadFit | None = None
    best_loss = float("inf")
    if start is not None:
        with torch.no_grad():
            start = _calmed(task, start, train, link)
            head.weight.copy_(start[0] * scale)
            head.bias.copy_(start[1] + (start[0] * mean).sum(1))
            logits = link(head(x_validation))
            best = HeadFit(*start, 0, score(task, logits, y_validation))
            best_loss = float(loss_of(logits, y_validation))
    for epoch in range(1, recipe.epochs + 1):
        loss = loss_of(link(head(x)), y)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        with torch.no_grad():
            logits = link(head(x_validation))
            validation_loss = float(loss_of(logits, y_validation))
        train_loss = float(loss.detach())
        if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):  # an epoch is one step
            raise no_number(f"in epoch {epoch} of the last layer", recipe.learning_rate)
        value = score(task, logits, y_validation)
        report(epoch, {"train/loss": train_loss, "validation/loss": validation_loss, "validation/score": value})
        if best is None or (value, -validation_loss) > (best.score, -best_loss):
            # Standardising is folded into the head, so that the network needs no extra layer.
            weight = (head.weight / scale).detach().clone()
            bias = (head.bias - (head.weight * mean / scale).sum(1)).detach().clone()
            best, best_loss = HeadFit(weight, bias, epoch, value), validation_loss
        elif recipe.patience and epoch - best.best_epoch >= recipe.patience:
            break
    if best is None:
        raise ValueError("a fit needs at least one epoch")
    return best


def _calmed(
    task: Task, start: tuple[Tensor, Tensor], train: tuple[Tensor, Tensor], link: Link
) -> tuple[Tensor, Tensor]:
    """The head divided by what makes the training pictures likeliest, never by less than 1.

    Its answers stay the same; of grades by ranks, on which side of each rank a picture is.
    On pictures from elsewhere an old head can be so sure of itself that no step of learning would move it.
    """
    if task is Task.REGRESSION:
        return start
    weight, bias = start
    said = train[0] @ weight.T + bias
    much = _best_divisor(said, lambda calmed: _surprise(task, link(calmed), train[1]), SURER)
    return weight / much, bias / much


def calm_head(network: Network, shown: Iterable[Tensor], targets: Tensor, loss_of: Loss) -> float:
    """Divide the head by what makes the loss on batches (n, 3, S, S) least, never by less than 1; returns that.

    A head that has learnt on a frozen body and unvaried pictures is far too sure of itself where pictures are varied
    and batch norm looks at batches: its first gradients would tear apart the features it was learnt on
    (https://arxiv.org/abs/2202.10054; of its growing norm https://arxiv.org/abs/2405.16747). `network` is in the mode
    in which it will learn, and what its norms remember stays as it is; `targets` are as in `build_loss`.
    """
    kept = {name: value.clone() for name, value in network.named_buffers()}
    with torch.no_grad():
        said = torch.cat([network.head(network.forward_features(pictures)) for pictures in shown])
        much = _best_divisor(said, lambda said: loss_of(network.link(said), targets), SURER)
        for name, value in network.named_buffers():
            value.copy_(kept[name])
        for parameter in network.head.parameters():
            parameter.div_(much)
    return much


def fit_temperature(task: Task, logits: Tensor, targets: Tensor) -> float:
    """The temperature that makes validation likeliest (https://arxiv.org/abs/1706.04599); 1 without pictures.

    Its logarithm has a standard normal prior: a handful of pictures, all of them named rightly, would else make a model
    as sure as one can be.
    """
    if not len(targets) or task is Task.REGRESSION:
        return 1.0
    prior = 1 / (2 * len(targets))
    return _best_divisor(logits, lambda said: _surprise(task, said, targets), TEMPERATURES, prior)


def _surprise(task: Task, logits: Tensor, targets: Tensor) -> Tensor:
    """The mean negative log likelihood () of classes."""
    if task is Task.MULTI:
        return nn.functional.binary_cross_entropy_with_logits(logits, targets)
    return nn.functional.cross_entropy(logits, targets)


def _best_divisor(
    said: Tensor, loss_of: Callable[[Tensor], Tensor], tried: tuple[int, int, int], prior: float = 0.0
) -> float:
    """What answers are to be divided by so that their loss is least: between two powers of ten, so many tried.

    `prior` is what the square of its logarithm adds to the loss.
    """
    candidates = torch.logspace(*tried)
    losses = torch.stack([loss_of(said / value).detach() for value in candidates])
    return float(candidates[(losses + prior * candidates.log() ** 2).argmin()])
