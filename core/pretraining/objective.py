"""What a method of pretraining is given, and what it gives back."""

from typing import Protocol

import torch
from torch import Tensor, nn

from core.pretraining.views import FAR
from core.training.augment import Strength


class Pictures(Protocol):
    """Pictures to learn from, by their positions in [0, count)."""

    @property
    def count(self) -> int:
        """How many there are."""

    @property
    def formulas(self) -> tuple[int, ...]:
        """How many classes each column of `labels` has; empty for pictures without labels."""

    def labels(self, positions: Tensor) -> Tensor:
        """(n, columns) int64."""

    def read(self, positions: Tensor) -> Tensor:
        """(n, 3, S, S) uint8; `positions` (n,) on the CPU."""


class Unnamed:
    """What all pictures without labels have in common."""

    formulas: tuple[int, ...] = ()

    def labels(self, positions: Tensor) -> Tensor:
        """(n, 0): nobody has named them."""
        return torch.empty(len(positions), 0, dtype=torch.int64)


class Objective(nn.Module):
    """A loss with parameters of its own, which are thrown away after the pretraining.

    `views` is how far the two views of a picture may be apart.
    """

    views: Strength = FAR

    def loss(self, features: Tensor, positions: Tensor) -> Tensor:
        """Of features (2n, F): n pictures in one view, then the same n in another. `positions` (n,) on the CPU."""
        raise NotImplementedError


def projector(features: int, hidden: int, out: int) -> nn.Sequential:
    """Two layers between the features that are kept and those that are compared: https://arxiv.org/abs/2002.05709."""
    return nn.Sequential(
        nn.Linear(features, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out)
    )
