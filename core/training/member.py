"""A process that trains along with the first one: the same loop, on its share of each batch."""

import copy
from dataclasses import dataclass
from pathlib import Path

import torch

from core.features import PixelCache
from core.models import Network
from core.recipes import Recipe
from core.training.fit import Part, Trainer
from core.training.group import Group
from core.types import Task


class _Quiet:
    """Follows nothing: the first process tells."""

    def step(self, epoch: int, done: int, steps: int, seconds_left: float) -> None:
        """Nothing."""

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        """Nothing."""

    def kept(self) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Member:
    """All that a training is made of, to be sent to another process."""

    network: Network
    pixels: PixelCache
    task: Task
    recipe: Recipe
    train: Part
    validation: Part
    folder: Path

    def __call__(self, group: Group, device: torch.device) -> None:
        """Train to the end on `device`."""
        own = copy.deepcopy(self.network).to(device)  # what was sent is shared memory, which all would change
        Trainer(
            own, self.pixels, self.task, self.recipe, self.train, self.validation, self.folder,
            _Quiet(), group,
        ).fit()  # fmt: skip
