"""The learning-rate range test: Smith 2017, https://arxiv.org/abs/1506.01186, section 3.3.

The rate climbs from far too small to far too large, a little in each step, and the loss is watched: it stays, falls,
and breaks out. The paper raises the rate linearly over some epochs; here, as is usual, by a constant factor over about
a hundred steps (https://sgugger.github.io/how-do-you-find-a-good-learning-rate.html).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import savgol_filter
from torch import Tensor, nn

from core.errors import GraftError
from core.recipes import Recipe
from core.training.fit import Trainer
from core.training.head import Link
from core.training.losses import Loss
from core.training.plan import decaying

SMOOTHING = 0.9
BROKEN = 4.0
"""So many times the least loss is the end of the test."""
LEAST_FALL = 0.02
"""The loss must fall by this share for its steepest place to mean anything."""
MARGIN = 10.0
LEAST_CLEAR = 1.0
"""So many standard deviations of a step's loss the running average must fall by: three times what chance moves it."""
SETTLED = 10
"""So many values of the running average rest on too few losses to show a slope."""

Step = Callable[[float], float]
"""Takes one step at a rate and returns the loss before it."""


def climbing_rates(low: float, high: float, steps: int) -> list[float]:
    """`steps` rates from `low` to `high`, each the same number of times the one before."""
    return [float(rate) for rate in np.geomspace(low, high, steps)]


def sweep(step: Step, rates: Sequence[float], watch: Callable[[int], None]) -> list[float]:
    """The loss at each rate; shorter than `rates` where it broke out or was no number any more."""
    losses: list[float] = []
    for rate in rates:
        watch(len(losses))
        try:
            loss = step(rate)
        except GraftError:  # the loss is no number: what a range test is there to find
            break
        if not np.isfinite(loss):
            break
        losses.append(loss)
        even = smoothed(losses)
        if even[-1] > BROKEN * even.min():
            break
    return losses


def smoothed(losses: Sequence[float]) -> NDArray[np.float64]:
    """(n,) a running average that young values do not pull towards zero."""
    found, average = np.empty(len(losses)), 0.0
    for index, loss in enumerate(losses):
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        found[index] = average / (1 - SMOOTHING ** (index + 1))
    return found


def suggested_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """Where the loss falls most steeply over a factor of ten; a tenth of the rate of the least loss if it hardly falls.

    Over fewer steps than that the steepest place is where small batches happened to differ. None if it only climbs, if
    it falls no further than such differences make it, or if there are fewer than five losses.
    """
    if len(losses) < 5:
        return None
    even, first = smoothed(losses), min(SETTLED, len(losses) // 4)
    least = first + int(even[first:].argmin())
    if least == first:
        return None
    by_chance = float(np.diff(losses[: least + 1]).std()) / 2**0.5  # from step to step: what a slope does not add to
    if least > SETTLED and even[first] - even[least] < LEAST_CLEAR * by_chance:
        return None
    if even[first] - even[least] < LEAST_FALL * abs(even[first]):
        return rates[least] / MARGIN
    falling = losses[first : least + 1]  # not smoothed: a running average lags behind
    if len(falling) < 3:
        return rates[first]
    decade = round(1 / np.log10(rates[1] / rates[0]))
    window = min(max(decade, 2), len(falling) - 1) // 2 * 2 + 1
    slopes = savgol_filter(falling, window, polyorder=1, deriv=1)  # of straight lines through so many losses
    return rates[first + int(slopes.argmin())]


def network_step(trainer: Trainer) -> Step:
    """Steps of a training in which all that will ever learn learns already, over and over its pictures."""
    batches = trainer.endless_batches()

    def step(rate: float) -> float:
        return trainer.step_at(rate, next(batches))

    return step


def head_step(features: Tensor, targets: Tensor, head: nn.Linear, link: Link, loss_of: Loss, recipe: Recipe) -> Step:
    """Steps of `head` alone, on all features (N, F) at once, as in `fit_head`."""
    x = (features - features.mean(0)) / features.std(0, correction=0).clamp_min(1e-6)
    optimizer = torch.optim.AdamW(decaying(head.parameters(), recipe.weight_decay, spared=recipe.no_bias_decay))

    def step(rate: float) -> float:
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of(link(head(x)), targets)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        return float(loss.detach())

    return step
