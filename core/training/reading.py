"""Losses as numbers, without making a GPU wait for whoever reads them."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import Diverged, GraftError


def no_number(where: str, rate: float, kept: str = "") -> Diverged:
    """What to raise for a loss that is no number: where it came up, at which learning rate, and what is `kept`."""
    return Diverged(
        f"The loss stopped being a number {where}, at a learning rate of {rate:.2g}. {kept}".rstrip(),
        hint="Start again with a learning rate ten times smaller.",
    )


@dataclass(frozen=True, slots=True)
class _Coming:
    """A loss on its way from the device, what it weighs, and what to raise if it is no number."""

    loss: Tensor
    arrived: torch.cuda.Event | None
    weight: float
    error: GraftError


class Losses:
    """The mean loss of a training's steps.

    Whoever asks a GPU for a number waits until it has done all it was given, and then it has nothing to do. So each
    loss is sent off behind its step, and read when the next step is on its way.
    """

    def __init__(self, total: float = 0.0, weight: float = 0.0) -> None:
        """Goes on from what another's `so_far` was."""
        self._sum, self._weight = total, weight
        self._coming: _Coming | None = None

    def add(self, loss: Tensor, weight: float, error: GraftError) -> None:
        """A step's loss (), and what to raise if it is no number; raises the last step's error."""
        arrived = None
        if loss.device.type == "cuda":
            loss, arrived = loss.to("cpu", non_blocking=True), torch.cuda.Event()  # type: ignore[no-untyped-call]
            arrived.record()
        self._read()
        self._coming = _Coming(loss, arrived, weight, error)

    def take(self) -> float:
        """The mean of those since the last time; at least one must have come. Raises the last step's error."""
        self._read()
        mean = self._sum / self._weight
        self._sum, self._weight = 0.0, 0.0
        return mean

    def so_far(self) -> tuple[float, float]:
        """The sum of those since the last time, and what they weigh together. Raises the last step's error."""
        self._read()
        return self._sum, self._weight

    def _read(self) -> None:
        coming, self._coming = self._coming, None
        if coming is None:
            return
        if coming.arrived is not None:
            coming.arrived.synchronize()
        value = float(coming.loss)
        if not math.isfinite(value):
            raise coming.error
        self._sum, self._weight = self._sum + value * coming.weight, self._weight + coming.weight
