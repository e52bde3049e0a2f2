"""Fine-tuning: a steady epoch against the bare training step, and five epochs of phone photos against the plain loop.

python -m benchmarks.fine_tuning SETS [--what steady|large|five] [--backbones mobilenet_v3_small,resnet18]

SETS is the folder of real sets, of which photos are made by enlarging. `steady`: photos of 640 x 480, `large`: of 12
million pixels; the bare step learns from one batch that lies ready, by the same optimizer in the same precision, in
turns with whole epochs of the engine (its cache, its variation of pictures), validation left out; the ratio is the
median of the turns' own, because what disturbs one turn disturbs both. `five`: the whole training job of a running
app, from click to scores, and the whole plain loop and fastai with their process's start, at the same number of steps.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional

from benchmarks.peers import by_fastai, links, plainly
from benchmarks.photos import KINDS, LARGE, SMALL, write_photos, write_splits
from benchmarks.table import Figure, fresh_home, show
from benchmarks.trainings import BATCH, Silent, as_a_job, plain_recipe
from benchmarks.worker import working
from core.features import PixelCache
from core.inference import choose_device
from core.jobs.payloads import ImportPayload
from core.media import BlobStore
from core.models import Network, channels_last
from core.settings import Settings
from core.training import Part, Trainer, with_precision
from core.types import Task

PICTURES, ROUNDS, STEADY, FASTER = 192, 11, 0.95, 5.0


class Steady(Trainer):
    """The engine without validation."""

    def _look(self, train_loss: float) -> None:
        """Nothing: validation is no part of the figure."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An engine beside its floor: each does one epoch of `pictures` of `batch` a step, and waits for its end."""

    epoch: Callable[[], None]
    floor: Callable[[], None]
    pictures: int
    floor_pictures: int
    precision: str


@contextmanager
def prepared(
    folder: Path, backbone: str, augmentation: str, batch: int = BATCH, device: str = "cpu", often: int = 1
) -> Iterator[Pair]:
    """The engine with its caches filled, and the bare step on one batch that lies on the device.

    An epoch sees each picture `often`: one of a few steps would measure its ends.
    """
    recipe = plain_recipe(backbone, epochs=1000, batch=batch, augmentation=augmentation, warmup=0)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), device=device)
        store = BlobStore(settings)
        paths = sorted(folder.glob("*/*.jpg"))
        whole = paths[: max(batch, len(paths) // batch * batch)]  # steps as large as the floor's
        blobs = [store.put(path.read_bytes()) for path in whole] * often
        pixels = PixelCache(settings, 224, "squash")
        pixels.fill(blobs)
        network = Network(backbone, len(KINDS), image_size=224).to(choose_device(device))
        recipe = with_precision(network, recipe, len(blobs), settings)
        part = Part(blobs, torch.arange(len(blobs)) % len(KINDS))
        engine = Steady(network, pixels, Task.SINGLE, recipe, part, Part([], torch.empty(0)), Path(home), Silent())
        channels_last(network)
        ready = pixels.read(blobs[:batch]).to(engine.device).float()
        classes = part.targets[:batch].to(engine.device)

        def epoch() -> None:
            engine.epoch += 1
            engine._one_epoch()
            wait_for(engine.device)

        def floor() -> None:
            for _ in range(engine.steps):
                _bare(engine, ready, classes)
            wait_for(engine.device)

        yield Pair(epoch, floor, len(blobs), engine.steps * batch, recipe.precision)


def steady(
    folder: Path, backbone: str, augmentation: str, batch: int = BATCH, device: str = "cpu", often: int = 1
) -> tuple[float, float, float, str]:
    """Pictures a second of the engine and of the bare step, the ratio of both, and their precision."""
    with prepared(folder, backbone, augmentation, batch, device, often) as pair:
        rates = [
            (pair.pictures / seconds(pair.epoch), pair.floor_pictures / seconds(pair.floor)) for _ in range(ROUNDS + 1)
        ][1:]  # the first one warms up
    ours, bare = (statistics.median(values) for values in zip(*rates, strict=True))
    return ours, bare, statistics.median(mine / floor for mine, floor in rates), pair.precision


def seconds(work: Callable[[], None]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def wait_for(device: torch.device) -> None:
    """Until a GPU has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def _bare(engine: Trainer, pictures: torch.Tensor, classes: torch.Tensor) -> None:
    with torch.autocast(engine.device.type, torch.bfloat16, enabled=engine.half):
        logits = engine.network(pictures)
    torch.autograd.backward(functional.cross_entropy(logits.float(), classes))
    engine.optimizer.step()
    engine.optimizer.zero_grad(set_to_none=True)


def five_epochs(folder: Path, backbone: str) -> list[Figure]:
    """The training job beside the plain loop and fastai."""
    recipe = plain_recipe(backbone, epochs=5)
    with fresh_home() as graft, working(graft) as worker:
        project = graft.projects.create("Photos", Task.SINGLE)
        worker.finish(graft.imports.start(project, ImportPayload(source=str(folder))))
        worker.rest()
        begin = time.perf_counter()
        result = worker.finish(graft.training.start(project, recipe))
        ours = time.perf_counter() - begin
        print(backbone, result["timings_s"], result["engine"])
    with tempfile.TemporaryDirectory() as place:
        links(folder, Path(place))
        plain = plainly(Path(place), "--backbone", backbone, "--epochs", str(recipe.epochs))
        peers = {
            "plain": float(str(plain["seconds"])),
            "fastai": by_fastai(Path(place), "--backbone", backbone, "--epochs", str(recipe.epochs)),
        }
    return [
        Figure(name=f"{backbone}, five epochs, 300 photos of 12 MP", value=f"{ours:.1f} s",
               floor=f"{name} {peer:.1f} s", ratio=peer / ours, target=f">= {FASTER:g} x", met=peer >= FASTER * ours)
        for name, peer in peers.items() if peer is not None
    ]  # fmt: skip


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
                figures += five_epochs(folder, backbone)
                continue
            for augmentation in ("standard", "none"):
                speed, bare, ratio, precision = steady(folder, backbone, augmentation)
                figures.append(
                    Figure(name=f"{backbone}, {precision}, pictures varied: {augmentation}", value=f"{speed:.1f} /s",
                           floor=f"bare step {bare:.1f} /s", ratio=ratio, target=f">= {STEADY:g}", met=ratio >= STEADY)
                )  # fmt: skip
    show(f"Fine-tuning, photos of {size[0]} x {size[1]}", figures)


if __name__ == "__main__":
    main()
