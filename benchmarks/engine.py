"""The engine alone on a folder of pictures, from nothing to its last epoch: no database, no app.

python -m benchmarks.engine FOLDER --backbone NAME [--epochs 5] [--batch 64] --home HOME

FOLDER as for `benchmarks.timm_loop`, whose optimizer, rates, decay, loss and number of steps it has. Pictures are
stored and decoded first. Prints one JSON object.
"""

import argparse
import json
import time
from pathlib import Path

import psutil
import torch

from benchmarks.trainings import Silent, as_a_job, plain_recipe
from core.features import PixelCache
from core.inference import choose_device
from core.media import BlobStore
from core.models import Network
from core.settings import Settings
from core.training import Part, Trainer, with_precision
from core.types import Task


class Timed(Silent):
    """Follows a training's epochs."""

    def __init__(self) -> None:
        self.ends = [time.perf_counter()]
        self.scores: list[float] = []

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        """Remembers when and how well."""
        self.ends.append(time.perf_counter())
        self.scores.append(values["validation/score"])


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args()
    as_a_job()
    started = psutil.Process().create_time()
    settings = Settings(home=options.home)
    store, pixels = BlobStore(settings), PixelCache(settings, 224, "squash")
    kinds = sorted(item.name for item in (options.folder / "train").iterdir())
    parts = []
    for split in ("train", "validation"):
        paths = [(path, kind) for kind in kinds for path in sorted((options.folder / split / kind).iterdir())]
        blobs = [store.put(path.read_bytes()) for path, _ in paths]
        parts.append(Part(blobs, torch.tensor([kinds.index(kind) for _, kind in paths])))
    stored = time.time() - started
    pixels.fill([blob for part in parts for blob in part.blobs])
    decoded = time.time() - started
    recipe = plain_recipe(
        options.backbone, epochs=options.epochs, batch=options.batch, optimizer="sgd", learning_rate=options.rate,
        warmup=0, weight_decay=2e-5, backbone_factor=1, imbalance="ignore",
    )  # fmt: skip
    torch.manual_seed(0)
    network = Network(options.backbone, len(kinds), image_size=224).to(choose_device(settings.device))
    recipe = with_precision(network, recipe, len(parts[0].blobs), settings)
    timed = Timed()
    Trainer(network, pixels, Task.SINGLE, recipe, *parts, options.home, timed).fit()
    epochs = [end - begin for begin, end in zip(timed.ends, timed.ends[1:], strict=False)]
    print(json.dumps({
        "seconds": time.time() - started, "precision": recipe.precision, "stored": stored,
        "decoded": decoded, "epochs": epochs, "scores": timed.scores, "pictures": len(parts[0].blobs),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
