"""Peak memory of a training of 100,000 pictures by a mobile-size network, its pixel cache mapped.

python -m benchmarks.memory [--what steps|job] [--pictures 100000] [--steps 30] [--preset instant] [--set KEY=VALUE]

The cache is made of 100,000 black pictures as a file with holes, which reads like any other and needs no disk. `steps`:
some steps are trained; what a step needs does not grow with their number. `job`: the whole job of a running app, from
its queue to the scores of all pictures; what counts is the largest of its processes. Labelling takes minutes first.
"""

import argparse
import contextlib
import resource
import tempfile
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
import torch

from benchmarks.table import Figure, fresh_home, show
from benchmarks.trainings import Silent, as_a_job
from benchmarks.worker import working
from core.errors import Cancelled
from core.features import PixelCache
from core.features.rows import _RECORD
from core.graft import Graft
from core.labels import LabelValue
from core.models import Network
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.store.db import writing
from core.store.images import NewImage, create_images
from core.store.labels import LabelEvent
from core.training import Part, Trainer
from core.types import LabelKind, ProjectId, Task

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


def some_steps(pictures: int, steps: int) -> float:
    """GB of this process at most, after some steps of the engine."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), device="cpu")
        blobs = black_cache(settings, pictures)
        cache = PixelCache(settings, SIDE, "squash")
        assert cache.fill(blobs) == 0
        targets = torch.arange(len(blobs)) % 5
        split = len(blobs) * 4 // 5
        network = Network("mobilenet_v3_small", 5, image_size=SIDE)
        parts = Part(blobs[:split], targets[:split]), Part(blobs[split:], targets[split:])
        recipe = PRESETS["thorough"].with_settings({"weights": "none", "precision": "float32"})
        try:
            Trainer(network, cache, Task.SINGLE, recipe, *parts, Path(home), Some(steps)).fit()
        except Cancelled:
            for start in range(0, min(split, 20 * 64), 64):
                cache.read(blobs[start : start + 64])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def whole_job(pictures: int, recipe: Recipe) -> float:
    """GB of the largest process of a training job at most."""
    with fresh_home() as graft:
        project = _labelled(graft, black_cache(graft.settings, pictures))
        with working(graft) as worker, _largest() as largest:
            result = worker.finish(graft.training.start(project, recipe))
        print(result["timings_s"], result["engine"])
    return max(largest.values())


def _labelled(graft: Graft, blobs: list[str]) -> ProjectId:
    project = graft.projects.create_from_names("Many", Task.SINGLE, [f"class {number}" for number in range(5)])
    classes = [item.id for item in graft.projects.read(project).classes]
    for start in range(0, len(blobs), 1000):
        some = blobs[start : start + 1000]
        news = [
            NewImage(
                sha256=blob, blob=blob, phash="0" * 16, format="jpeg", width=SIDE, height=SIDE, size_bytes=500,
                original_name=f"leaf {start + number}.jpg", extra={},
            )
            for number, blob in enumerate(some)
        ]  # fmt: skip
        with writing(graft.engine) as session:
            made = create_images(session, project, news, now=datetime.now(UTC))
        events = [
            LabelEvent(
                event_id=f"label {image}", image_id=image, kind=LabelKind.SET,
                value=LabelValue(classes=(classes[image % 5],)),
            )
            for image in made
        ]  # fmt: skip
        graft.labelling.record(project, events)
    return project


@contextlib.contextmanager
def _largest() -> Iterator[dict[int, float]]:
    """GB that each child's process had at most, by Linux's own count; complete at the end."""
    found, over = dict[int, float](), threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for child in psutil.Process().children(recursive=True):
                with contextlib.suppress(OSError):
                    status = Path(f"/proc/{child.pid}/status").read_text()
                    found[child.pid] = int(status.partition("VmHWM:")[2].split()[0]) / 2**20

    watching = threading.Thread(target=watch)
    watching.start()
    yield found
    over.set()
    watching.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=("steps", "job"), default="steps")
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--preset", choices=PRESETS, default="instant")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    if options.what == "steps":
        as_a_job()
        peak, what = some_steps(options.pictures, options.steps), f"{options.steps} steps"
    else:
        own = dict(item.split("=", 1) for item in options.set)
        recipe = PRESETS[options.preset].with_settings({"weights": "none", **own})
        peak, what = whole_job(options.pictures, recipe), f"the whole job, {options.preset} {' '.join(options.set)}"
    show(
        f"Training on {options.pictures:,} pictures of {SIDE} px, mobilenet_v3_small, {what}",
        [Figure(name="peak memory", value=f"{peak:.2f} GB", target=f"< {TARGET_GB:g} GB", met=peak < TARGET_GB)],
    )


if __name__ == "__main__":
    main()
