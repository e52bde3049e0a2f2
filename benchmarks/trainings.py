"""What the benchmarks of the training loop share: a plain recipe, nobody who follows, a job's environment."""

import gc
import os
import sys

from core.jobs.process import CHILD_ENVIRON
from core.recipes import PRESETS, Recipe

BATCH = 32


class Silent:
    """Follows nothing."""

    def step(self, epoch: int, done: int, steps: int, seconds_left: float) -> None:
        """Nothing."""

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        """Nothing."""

    def kept(self) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


def plain_recipe(
    backbone: str, *, epochs: int, batch: int = BATCH, augmentation: str = "standard", **others: object
) -> Recipe:
    """Everything is trained from nothing to the last epoch, without what costs time besides."""
    return PRESETS["thorough"].with_settings(
        {"backbone": backbone, "weights": "none", "batch_size": str(batch), "epochs": str(epochs), "patience": "0",
         "augmentation": augmentation, "erase": "0", "mixup": "0", "ema": "0",
         **{name: str(value) for name, value in others.items()}}
    )  # fmt: skip


def as_a_job() -> None:
    """Start this benchmark again in the environment of a job's process; what is loaded is no garbage, as there."""
    if any(os.environ.get(name) != value for name, value in CHILD_ENVIRON.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **CHILD_ENVIRON})
    gc.freeze()
