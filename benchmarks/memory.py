"""Peak memory of a training of 100,000 pictures by a mobile-size network, its pixel cache mapped.

python -m benchmarks.memory [--pictures 100000] [--steps 30]

The cache is made of 100,000 black pictures as a file with holes, which reads like any other and needs no disk. Some
steps are trained and the validation pictures looked at; what a step needs does not grow with their number.
"""

import argparse
import resource
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch

from benchmarks.table import Figure, show
from benchmarks.trainings import Silent, as_a_job
from core.errors import Cancelled
from core.features import PixelCache
from core.features.rows import _RECORD
from core.models import Network
from core.recipes import PRESETS
from core.settings import Settings
from core.training import Part, Trainer
from core.types import Task

SIDE, TARGET_GB = 224, 3.0


class Some(Silent):
    """Stops after some steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def step(self, epoch: int, done: int, steps: int, seconds_left: float) -> None:
        """Stop after the last one wanted."""
        if done >= self.steps:
            raise Cancelled("Enough.")


def black_cache(settings: Settings, count: int) -> list[str]:
    """Addresses of `count` black pictures in the cache."""
    folder = settings.pixels / f"{SIDE}-squash"
    folder.mkdir(parents=True)
    addresses = [f"{number:064x}" for number in range(count)]
    records = np.empty(count, _RECORD)
    records["address"] = [address.encode() for address in addresses]
    records["crc"] = zlib.crc32(bytes(SIDE * SIDE * 3))
    with (folder / "rows.bin").open("wb") as file:
        file.truncate(count * SIDE * SIDE * 3)
    records.tofile(folder / "index.bin")
    return addresses


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args()
    as_a_job()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), device="cpu")
        blobs = black_cache(settings, options.pictures)
        pixels = PixelCache(settings, SIDE, "squash")
        assert pixels.fill(blobs) == 0
        targets = torch.arange(len(blobs)) % 5
        split = len(blobs) * 4 // 5
        network = Network("mobilenet_v3_small", 5, image_size=SIDE)
        parts = Part(blobs[:split], targets[:split]), Part(blobs[split:], targets[split:])
        recipe = PRESETS["thorough"].with_settings({"weights": "none", "precision": "float32"})
        try:
            Trainer(network, pixels, Task.SINGLE, recipe, *parts, Path(home), Some(options.steps)).fit()
        except Cancelled:
            for start in range(0, min(split, 20 * 64), 64):
                pixels.read(blobs[start : start + 64])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    show(
        f"Training on {options.pictures:,} pictures of {SIDE} px, mobilenet_v3_small, {options.steps} steps",
        [Figure(name="peak memory", value=f"{peak:.2f} GB", target=f"< {TARGET_GB:g} GB", met=peak < TARGET_GB)],
    )


if __name__ == "__main__":
    main()
