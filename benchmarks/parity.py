"""Is the fast way as good as the plain one? Same starting weights, same steps, five seeds, two real sets.

python -m benchmarks.parity SETS [--seeds 5] [--what coffee_leaf|chest_xray]

The fast way is the engine: pixel cache from JPEGs decoded at a smaller scale, channels last, fused optimizer, and 16
bits where the processor has them.
The plain loop reads every picture in full, in float32, with torch's plain optimizer. Both see the same pictures in the
same order with the same variation. Reported: balanced accuracy on pictures that neither saw, and their difference.
"""

import argparse
import copy
import csv
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score

from benchmarks.bundled import Sample, chest, coffee, split
from benchmarks.table import Figure, show
from benchmarks.trainings import Silent
from core.features import PixelCache
from core.inference import compute_logits, has_bfloat16
from core.media import BlobStore
from core.models import Network, calibrate_batch_norm, load_weights
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.training import Part, Trainer
from core.training.augment import augment
from core.training.losses import build_loss
from core.training.plan import build_optimizer, rate_factor, set_rates
from core.types import Task

BACKBONE, SIDE, EACH, TESTED = "mobilenet_v3_small", 224, 40, 200
RECIPE = PRESETS["thorough"].with_settings(
    # Both begin at the weights that are given to them here: no head is learnt, or calmed, first.
    {"weights": "none", "epochs": "20", "batch_size": "16", "patience": "0", "mixup": "0", "erase": "0", "ema": "0",
     "backbone_factor": "1", "augmentation": "standard", "learning_rate": "0.002",
     "precision": "bfloat16" if has_bfloat16(torch.device("cpu")) else "float32"},
)  # fmt: skip


def files(sets: Path, name: str) -> list[Path]:
    """The set's files in the order of its sample."""
    table = sets / name / ("dataset-full.csv" if name == "coffee_leaf" else "metadata.csv")
    with table.open() as file:
        rows = list(csv.DictReader(file))
    if name == "coffee_leaf":
        return [sets / name / "leaf" / f"{row['id']}.jpg" for row in rows if row["predominant_stress"] != "5"]
    return [sets / name / row["label"] / Path(row["file"]).name for row in rows]


def plain(network: Network, sample: Sample, train: list[int], recipe: Recipe) -> Network:
    """The loop as anybody writes it, on pictures decoded in full."""
    targets = sample.labels[train]
    loss_of = build_loss(Task.SINGLE, recipe, targets, network.head.out_features)
    optimizer = build_optimizer(network, recipe)
    optimizer = torch.optim.AdamW(optimizer.param_groups, lr=recipe.learning_rate, foreach=False)
    steps = -(-len(train) // recipe.batch_size)
    for epoch in range(1, recipe.epochs + 1):
        generator = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
        torch.manual_seed(recipe.seed * 100_003 + epoch)
        network.train()
        order = torch.randperm(len(train), generator=generator)
        for number, chosen in enumerate(torch.tensor_split(order, steps)):
            set_rates(optimizer, rate_factor((epoch - 1) * steps + number, recipe.epochs * steps, recipe.warmup))
            pictures = sample.pictures[[train[index] for index in chosen.tolist()]]
            loss = loss_of(network(augment(pictures, recipe.augmentation, generator, recipe.erase)), targets[chosen])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    return network


class Last(Trainer):
    """The engine, whose last epoch counts: no validation chooses."""

    def _look(self, train_loss: float) -> None:
        """Keep the weights as they stand."""
        self.best_epoch, self.best_state = self.epoch, self.network.state_dict()


def both(sample: Sample, paths: list[Path], seed: int) -> tuple[float, float]:
    """Balanced accuracy of the fast and of the plain way."""
    train, validation, test = split(sample, EACH, seed)
    train, test = train + validation, test[:TESTED]
    recipe = RECIPE.with_settings({"seed": str(seed)})
    scores = []
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), device="cpu")
        torch.manual_seed(seed)
        start = Network(BACKBONE, int(sample.labels.max()) + 1, image_size=SIDE)
        load_weights(start, "bundled", settings)
        calibrate_batch_norm(start, sample.pictures[train].split(32))
        store = BlobStore(settings)
        blobs = [store.put(paths[index].read_bytes()) for index in train]
        pixels = PixelCache(settings, SIDE, "squash")
        pixels.fill(blobs)
        fast = copy.deepcopy(start)
        part = Part(blobs, sample.labels[train])
        Last(fast, pixels, Task.SINGLE, recipe, part, part, Path(home), Silent()).fit()
        for network in (fast, plain(copy.deepcopy(start), sample, train, recipe)):
            said = compute_logits(network, sample.pictures[test].split(32)).argmax(1)
            scores.append(float(balanced_accuracy_score(sample.labels[test], said)))
    return scores[0], scores[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--what", choices=("coffee_leaf", "chest_xray"))
    options = parser.parse_args()
    figures = []
    for name, read in (("coffee_leaf", coffee), ("chest_xray", chest)):
        if options.what not in (None, name):
            continue
        sample, paths = read(options.sets / name), files(options.sets, name)
        found = np.array([both(sample, paths, seed) for seed in range(options.seeds)])
        gap = found[:, 0] - found[:, 1]
        # 2.78: the 97.5 % point of Student's t with four degrees of freedom.
        half = 2.78 * gap.std(ddof=1) / len(gap) ** 0.5 if len(gap) > 1 else float("nan")
        figures.append(
            Figure(name=f"{name}, fast minus plain, {len(gap)} seeds",
                   value=f"{100 * gap.mean():+.1f} ± {100 * half:.1f}",
                   floor=f"fast {100 * found[:, 0].mean():.1f}, plain {100 * found[:, 1].mean():.1f}",
                   target="0 within the interval", met=bool(abs(gap.mean()) <= half))
        )  # fmt: skip
    show(f"Balanced accuracy in points, {BACKBONE} in {RECIPE.precision} against the plain loop in float32", figures)


if __name__ == "__main__":
    main()
