"""What is made small: one loss per task, on logits (N, K)."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from core.recipes import Recipe
from core.types import Task

Loss = Callable[[Tensor, Tensor], Tensor]
MOST_WEIGHT = 10.0
FOCUS = 2.0
BETA = 0.999
MARGIN, FOCUS_NEGATIVE = 0.05, 4.0


def build_loss(task: Task, recipe: Recipe, targets: Tensor, outputs: int) -> Loss:
    """The loss for a task, balanced as the recipe says by the training part's targets.

    Targets are (N,) class positions for single and ordinal, or (N, K) shares of classes after mixing; (N, K) zeros
    and ones for multi; (N,) standardised numbers for regression.
    """
    if task is Task.REGRESSION:
        # Huber: far-off labels pull linearly, not squared.
        of_numbers = functional.mse_loss if recipe.loss == "squared" else functional.smooth_l1_loss
        return lambda logits, numbers: of_numbers(logits[:, 0], numbers)
    if task is Task.MULTI:
        return _several(recipe, targets)
    return _one(recipe, targets, outputs)


def _one(recipe: Recipe, targets: Tensor, outputs: int) -> Loss:
    weights = {
        "weights": lambda: class_weights(targets, outputs),
        "effective": lambda: effective_weights(targets, outputs),
    }.get(recipe.imbalance, lambda: None)()
    prior = log_prior(targets, outputs) if recipe.imbalance == "logits" else None
    weight_on, prior_on = _by_device(weights), _by_device(prior)

    def one(logits: Tensor, classes: Tensor) -> Tensor:
        shift, weight = prior_on(logits.device), weight_on(logits.device)
        if shift is not None:
            logits = logits + shift
        if recipe.loss == "focal":
            return focal(logits, classes, weight)
        if recipe.loss == "corn":
            return corn(logits, classes, weight)
        if recipe.loss == "coral":
            return coral(logits, classes, weight)
        return functional.cross_entropy(logits, classes, weight=weight, label_smoothing=recipe.label_smoothing)

    return one


def _by_device(values: Tensor | None) -> Callable[[torch.device], Tensor | None]:
    """`values` on the device that asks. Each gets them once: a GPU would have to wait for a copy in every step."""
    return functools.cache(lambda device: None if values is None else values.to(device))


def class_weights(targets: Tensor, outputs: int) -> Tensor:
    """(K,) inverse frequencies whose mean over the training part is 1; 0 for a class without pictures."""
    counts = torch.bincount(targets, minlength=outputs).float()
    return torch.where(counts > 0, len(targets) / (counts.clamp_min(1) * (counts > 0).sum()), 0.0)


def effective_weights(targets: Tensor, outputs: int) -> Tensor:
    """(K,) inverse effective numbers (1 - b^n) / (1 - b), equation 2 of https://arxiv.org/abs/1901.05555.

    Scaled so that their mean over the training part is 1; 0 for a class without pictures.
    """
    counts = torch.bincount(targets, minlength=outputs).float()
    weights = torch.where(counts > 0, (1 - BETA) / (1 - BETA ** counts.clamp_min(1)), 0.0)
    return weights * len(targets) / (weights * counts).sum()


def log_prior(targets: Tensor, outputs: int) -> Tensor:
    """(K,) log frequencies, added to the logits while learning only: equation 10 of https://arxiv.org/abs/2007.07314."""
    counts = torch.bincount(targets, minlength=outputs).float().clamp_min(0.5)
    return (counts / counts.sum()).log()


def presence_weights(targets: Tensor) -> Tensor:
    """(K,) how much more each class's presence weighs than its absence: pictures without it for one with it."""
    there, absent = _presence(targets)
    return (absent / there).clamp(1 / MOST_WEIGHT, MOST_WEIGHT)


def effective_presence(targets: Tensor) -> Tensor:
    """(K,) the same by effective numbers of pictures, of each class as a question of its own (arXiv 1901.05555)."""
    there, absent = _presence(targets)
    return ((1 - BETA**absent) / (1 - BETA**there)).clamp(1 / MOST_WEIGHT, MOST_WEIGHT)


def log_odds(targets: Tensor) -> Tensor:
    """(K,) log odds of each class's presence, added to its logit while learning only (arXiv 2007.07314)."""
    there, absent = _presence(targets)
    return (there / absent).log()


def _presence(targets: Tensor) -> tuple[Tensor, Tensor]:
    """(K,) and (K,) pictures with and without each class of `targets` (N, K), at least one each."""
    there = targets.sum(0)
    return there.clamp_min(1), (len(targets) - there).clamp_min(1)


def rarity(targets: Tensor, outputs: int) -> Tensor:
    """(N,) how often each picture is drawn so that rare classes come as often as others (arXiv 1910.09217).

    Targets are (N,) class positions: all classes come equally often. Or (N, K) zeros and ones: each picture counts by
    the rarest of its classes, as in https://arxiv.org/abs/1908.03195; having none counts as a class, too.
    """
    if targets.ndim == 1:
        return class_weights(targets, outputs)[targets]
    named = torch.cat([targets, (targets.sum(1, keepdim=True) == 0).to(targets)], 1)
    return (named / named.sum(0).clamp_min(1)).amax(1)


def focal(logits: Tensor, classes: Tensor, weight: Tensor | None) -> Tensor:
    """Cross-entropy times (1 - p)^2: what is known already pulls less. https://arxiv.org/abs/1708.02002, equation 4."""
    shares = classes if classes.is_floating_point() else functional.one_hot(classes, logits.shape[1]).float()
    logs = functional.log_softmax(logits, 1)
    terms = -shares * (1 - logs.exp()) ** FOCUS * logs
    if weight is None:
        return terms.sum(1).mean()
    return (terms * weight).sum() / (shares * weight).sum().clamp_min(1e-12)


def corn(logits: Tensor, classes: Tensor, weight: Tensor | None) -> Tensor:
    """CORN, equation 5 of https://arxiv.org/abs/2111.08851, on the log probabilities that `grade_logits` gives.

    A picture of grade y stands in min(y + 1, K - 1) of the conditional training sets; its binary cross-entropies in
    them add up to minus its log probability, and the sum is divided by how many they are in all.
    """
    grades = logits.shape[1]
    shares = classes if classes.is_floating_point() else functional.one_hot(classes, grades).float()
    if weight is not None:
        shares = shares * weight
    sets = torch.arange(1, grades + 1, device=logits.device).clamp_max(grades - 1)
    return -(shares * functional.log_softmax(logits, 1)).sum() / (shares * sets).sum().clamp_min(1e-12)


def coral(logits: Tensor, classes: Tensor, weight: Tensor | None) -> Tensor:
    """CORAL, equation 4 of https://arxiv.org/abs/1901.07884 with every rank alike, on `shared_grade_logits`.

    The cross-entropy of being above each rank, added up over the ranks; the mean over the pictures.
    """
    logs = functional.log_softmax(logits, 1)
    below, above = logs.logcumsumexp(1)[:, :-1], logs.flip(1).logcumsumexp(1).flip(1)[:, 1:]  # log P(y <= r), (y > r)
    shares = classes if classes.is_floating_point() else functional.one_hot(classes, logits.shape[1]).float()
    if weight is not None:
        shares = shares * weight
    higher = shares.flip(1).cumsum(1).flip(1)[:, 1:]
    terms = higher * above + (shares.sum(1, keepdim=True) - higher) * below
    return -terms.sum() / shares.sum().clamp_min(1e-12)


def _several(recipe: Recipe, targets: Tensor) -> Loss:
    weights = {"weights": presence_weights, "effective": effective_presence}.get(recipe.imbalance, lambda _: None)
    weight_on = _by_device(weights(targets))
    prior_on = _by_device(log_odds(targets) if recipe.imbalance == "logits" else None)

    def several(logits: Tensor, classes: Tensor) -> Tensor:
        if recipe.loss == "asymmetric":
            return asymmetric(logits, classes)
        shift, weight = prior_on(logits.device), weight_on(logits.device)
        if shift is not None:
            logits = logits + shift
        if recipe.loss == "focal":
            losses = functional.binary_cross_entropy_with_logits(logits, classes, pos_weight=weight, reduction="none")
            shares = torch.sigmoid(logits)
            return (losses * (classes - shares).abs() ** FOCUS).mean()
        return functional.binary_cross_entropy_with_logits(logits, classes, pos_weight=weight)

    return several


def asymmetric(logits: Tensor, classes: Tensor) -> Tensor:
    """Absent classes count only where they are said with more than 0.05, and then by the fourth power.

    Equations 4 to 7 of https://arxiv.org/abs/2009.14119 with its exponents 0 and 4.
    """
    shares = torch.sigmoid(logits)
    doubted = (shares - MARGIN).clamp_min(0)
    there = classes * functional.logsigmoid(logits)
    absent = (1 - classes) * doubted**FOCUS_NEGATIVE * torch.log1p(-doubted.clamp_max(1 - 1e-6))
    return -(there + absent).mean()
