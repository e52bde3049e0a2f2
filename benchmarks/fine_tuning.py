"""Fine-tuning: a steady epoch against the bare training step, and five epochs of phone photos against the plain loop.

python -m benchmarks.fine_tuning SETS [--what steady|large|five] [--backbones mobilenet_v3_small,resnet18]

SETS is the folder of real sets, of which photos are made by enlarging. `steady`: photos of 640 x 480, `large`: of 12
million pixels; the bare step learns from one batch that lies ready, by the same optimizer in the same precision, in
turns with whole epochs of the engine (its cache, its variation of pictures), validation left out. `five`: the whole
training job of a running app, from click to scores, and the whole plain loop with its process's start, at the same
number of steps.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.nn import functional

from benchmarks.photos import KINDS, LARGE, SMALL, write_photos, write_splits
from benchmarks.table import Figure, fresh_home, show
from benchmarks.worker import working
from core.features import PixelCache
from core.jobs.payloads import ImportPayload
from core.jobs.process import CHILD_ENVIRON
from core.media import BlobStore
from core.models import Network
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.training import Part, Trainer, with_precision
from core.types import Task

PICTURES, BATCH, ROUNDS, STEADY, FASTER = 192, 32, 5, 0.95, 5.0


class Silent:
    """Follows nothing."""

    def step(self, epoch: int, done: int, steps: int, seconds_left: float) -> None:
        """Nothing."""

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


class Steady(Trainer):
    """The engine without validation."""

    def _look(self, train_loss: float) -> None:
        """Nothing: validation is no part of the figure."""


def steady(folder: Path, backbone: str, augmentation: str) -> tuple[float, float, str]:
    """Pictures a second of the engine and of the bare step, and the precision of both."""
    recipe = PRESETS["thorough"].with_settings(
        {"backbone": backbone, "weights": "none", "batch_size": str(BATCH), "augmentation": augmentation,
         "epochs": "1000", "mixup": "0", "ema": "0", "warmup": "0"},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), device="cpu")
        store = BlobStore(settings)
        blobs = [store.put(path.read_bytes()) for path in sorted(folder.glob("*/*.jpg"))[:PICTURES]]
        pixels = PixelCache(settings, 224, "squash")
        pixels.fill(blobs)
        network = Network(backbone, len(KINDS), image_size=224)
        recipe = with_precision(network, recipe, len(blobs), settings)
        part = Part(blobs, torch.arange(len(blobs)) % len(KINDS))
        engine = Steady(network, pixels, Task.SINGLE, recipe, part, Part([], torch.empty(0)), Path(home), Silent())
        network.to(memory_format=torch.channels_last)
        ready = pixels.read(blobs[:BATCH]).float()
        classes = part.targets[:BATCH]
        rates: list[tuple[float, float]] = []
        for turn in range(ROUNDS + 1):
            engine.epoch += 1
            begin = time.perf_counter()
            engine._one_epoch()
            between = time.perf_counter()
            for _ in range(engine.steps):
                _bare(engine, ready, classes)
            done = time.perf_counter()
            if turn:  # the first one warms up
                rates.append((len(blobs) / (between - begin), engine.steps * BATCH / (done - between)))
    ours, bare = (statistics.median(values) for values in zip(*rates, strict=True))
    return ours, bare, recipe.precision


def _bare(engine: Trainer, pictures: torch.Tensor, classes: torch.Tensor) -> None:
    with torch.autocast("cpu", torch.bfloat16, enabled=engine.half):
        logits = engine.network(pictures)
    torch.autograd.backward(functional.cross_entropy(logits.float(), classes))
    engine.optimizer.step()
    engine.optimizer.zero_grad(set_to_none=True)


def five_epochs(folder: Path, backbone: str) -> tuple[float, float, dict[str, object]]:
    """Seconds of the training job and of the plain loop; what the job took for what."""
    recipe = dataclasses.replace(_five(), backbone=backbone)
    with fresh_home() as graft, working(graft) as worker:
        project = graft.projects.create("Photos", Task.SINGLE)
        worker.finish(graft.imports.start(project, ImportPayload(source=str(folder))))
        worker.rest()
        begin = time.perf_counter()
        result = worker.finish(graft.training.start(project, recipe))
        ours = time.perf_counter() - begin
        timings = dict(result["timings_s"])  # type: ignore[call-overload]
    with tempfile.TemporaryDirectory() as place:
        links(folder, Path(place))
        plain = plainly(Path(place), "--backbone", backbone, "--epochs", str(recipe.epochs))
    return ours, float(str(plain["seconds"])), timings


def _five() -> Recipe:
    return PRESETS["thorough"].with_settings(
        {"weights": "none", "batch_size": str(BATCH), "epochs": "5", "patience": "0", "augmentation": "standard",
         "mixup": "0", "ema": "0"},
    )  # fmt: skip


def links(folder: Path, place: Path) -> None:
    """The splits of `labels.csv` as folders that ImageFolder reads."""
    for line in (folder / "labels.csv").read_text().splitlines()[1:]:
        name, kind, split = line.split(",")
        target = place / split / kind
        target.mkdir(parents=True, exist_ok=True)
        os.link(folder / name, target / Path(name).name)


def plainly(place: Path, *options: str) -> dict[str, object]:
    """What the plain loop says, in a process of its own, in the environment that a person has."""
    command = [sys.executable, "-m", "benchmarks.plain", str(place / "train"), str(place / "validation"), *options]
    without = {name: value for name, value in os.environ.items() if name not in {*CHILD_ENVIRON, "OMP_NUM_THREADS"}}
    done = subprocess.run(command, env=without, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def as_a_job() -> None:
    """Start this benchmark again in the environment of a job's process."""
    if any(os.environ.get(name) != value for name, value in CHILD_ENVIRON.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **CHILD_ENVIRON})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--what", choices=("steady", "large", "five"), default="steady")
    parser.add_argument("--backbones", default="mobilenet_v3_small")
    parser.add_argument("--pictures", type=Path, help="where to keep the enlarged photos")
    options = parser.parse_args()
    as_a_job()
    with tempfile.TemporaryDirectory() as temporary:
        kept = options.pictures or Path(temporary)
        size, count = {"steady": (SMALL, PICTURES), "large": (LARGE, PICTURES), "five": (LARGE, 318)}[options.what]
        folder = kept / f"{size[0]}-{count}"
        write_photos(options.sets, folder, count, size)
        figures = []
        for backbone in options.backbones.split(","):
            if options.what == "five":
                write_splits(folder, 6)
                ours, plain, timings = five_epochs(folder, backbone)
                ratio = plain / ours
                figures.append(
                    Figure(name=f"{backbone}, five epochs, 300 photos of 12 MP", value=f"{ours:.1f} s",
                           floor=f"plain {plain:.1f} s", ratio=ratio, target=f">= {FASTER:g} x", met=ratio >= FASTER)
                )  # fmt: skip
                print(backbone, timings)
                continue
            for augmentation in ("standard", "none"):
                speed, bare, precision = steady(folder, backbone, augmentation)
                figures.append(
                    Figure(name=f"{backbone}, {precision}, pictures varied: {augmentation}", value=f"{speed:.1f} /s",
                           floor=f"bare step {bare:.1f} /s", ratio=speed / bare, target=f">= {STEADY:g}",
                           met=speed >= STEADY * bare)
                )  # fmt: skip
    show(f"Fine-tuning, photos of {size[0]} x {size[1]}", figures)


if __name__ == "__main__":
    main()
