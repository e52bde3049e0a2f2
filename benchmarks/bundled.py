"""What the weights in the package are worth: a linear probe from them against a random network, on real pictures.

python -m benchmarks.bundled SETS [--seeds 5] [--weights bundled]

SETS is a folder with `coffee_leaf` (leaf/ID.jpg, dataset-full.csv) and `chest_xray` (CLASS/FILE.png, metadata.csv).
The random network's batch norm is calibrated on the pictures to learn from. The head is the one that a training fits;
validation, a fifth of the pictures to learn from, chooses its epoch. Half of the pictures (of the patients) test it.
"""

import argparse
import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.table import Figure, show
from core.inference import compute_features, frame_picture, to_batch
from core.models import Network, calibrate_batch_norm, load_weights
from core.recipes import PRESETS
from core.settings import Settings
from core.training import fit_head, score
from core.types import Task

BACKBONE, SIZE, BATCH = "mobilenet_v3_small", 224, 64
COUNTS = (5, 20, 0)
TARGET = 20.0


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """Pictures (N, 3, S, S) uint8, their classes (N,), and what each belongs to."""

    name: str
    pictures: Tensor
    labels: Tensor
    units: list[str]


def coffee(folder: Path) -> Sample:
    """The predominant stress of single leaves; the undocumented sixth class is left out."""
    with (folder / "dataset-full.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["predominant_stress"] != "5"]
    paths = [folder / "leaf" / f"{row['id']}.jpg" for row in rows]
    return _sample("coffee_leaf", paths, [row["predominant_stress"] for row in rows], [row["id"] for row in rows])


def chest(folder: Path) -> Sample:
    """Three findings in chest X-rays of two sources; pictures of a patient stay together."""
    with (folder / "metadata.csv").open() as file:
        rows = list(csv.DictReader(file))
    paths = [folder / row["label"] / Path(row["file"]).name for row in rows]
    return _sample("chest_xray", paths, [row["label"] for row in rows], [row["patient_id"] for row in rows])


def _sample(name: str, paths: Sequence[Path], labels: Sequence[str], units: list[str]) -> Sample:
    squares = [frame_picture(Image.open(path).convert("RGB"), SIZE, "squash") for path in paths]
    names = sorted(set(labels))
    return Sample(name, to_batch(squares), torch.tensor([names.index(item) for item in labels]), units)


def split(sample: Sample, each: int, seed: int) -> tuple[list[int], list[int], list[int]]:
    """Pictures to learn from, to choose by and to test by; `each` of a class to learn from and choose by, 0 for all."""
    random = np.random.default_rng(seed)
    units = sorted(set(sample.units))
    tested = set(random.permutation(units)[: len(units) // 2].tolist())
    order = random.permutation(len(sample.units)).tolist()
    test = [index for index in order if sample.units[index] in tested]
    train: list[int] = []
    validation: list[int] = []
    for label in range(int(sample.labels.max()) + 1):
        mine = [index for index in order if sample.units[index] not in tested and sample.labels[index] == label]
        mine = mine[: each or len(mine)]
        held = max(1, len(mine) // 5)
        validation += mine[:held]
        train += mine[held:]
    return train, validation, test


def probe(features: Tensor, sample: Sample, parts: tuple[list[int], list[int], list[int]]) -> float:
    """Balanced accuracy on the test part, in points."""
    train, validation, test = parts
    labels, outputs = sample.labels, int(sample.labels.max()) + 1
    fit = fit_head(
        Task.SINGLE, (features[train], labels[train]), (features[validation], labels[validation]), outputs,
        PRESETS["instant"], lambda epoch, values: None,
    )  # fmt: skip
    return 100 * score(Task.SINGLE, features[test] @ fit.weight.T + fit.bias, labels[test])


def features_of(sample: Sample, weights: str, seed: int, settings: Settings, calibrated: Sequence[int]) -> Tensor:
    """Features (N, F) of a network with these weights; "none" draws them with the seed and calibrates batch norm."""
    torch.manual_seed(seed)
    network = Network(BACKBONE, 1, image_size=SIZE)
    load_weights(network, weights, settings)
    if weights == "none":
        calibrate_batch_norm(network, torch.split(sample.pictures[list(calibrated)], BATCH))
    return compute_features(network, torch.split(sample.pictures, BATCH))


def compare(sample: Sample, weights: str, seeds: int, settings: Settings) -> list[tuple[int, list[float], list[float]]]:
    """Pictures per class, and by seed the scores from `weights` and from a random network."""
    taught = features_of(sample, weights, 0, settings, ())
    found: list[tuple[int, list[float], list[float]]] = [(each, [], []) for each in COUNTS]
    for seed in range(seeds):
        random = features_of(sample, "none", seed, settings, split(sample, 0, seed)[0][:256])
        for each, ours, theirs in found:
            parts = split(sample, each, seed)
            ours.append(probe(taught, sample, parts))
            theirs.append(probe(random, sample, parts))
    return found


def line(name: str, each: int, ours: list[float], theirs: list[float]) -> Figure:
    """Means, and the mean difference with its 95 % interval over the seeds (t distribution by normal quantiles)."""
    gains = np.array(ours) - np.array(theirs)
    half = 1.96 * gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else float("nan")
    value = f"{np.mean(ours):.1f} ({gains.mean():+.1f} ± {half:.1f})"
    target = "" if each else f"+{TARGET:.0f}"
    met = None if each else bool(gains.mean() >= TARGET)
    title = f"{name}, {each or 'all'} per class"
    return Figure(name=title, value=value, floor=f"{np.mean(theirs):.1f}", target=target, met=met)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--weights", default="bundled", help="as in a recipe")
    options = parser.parse_args()
    figures = []
    for sample in (coffee(options.sets / "coffee_leaf"), chest(options.sets / "chest_xray")):
        for each, ours, theirs in compare(sample, options.weights, options.seeds, Settings()):
            figures.append(line(sample.name, each, ours, theirs))
    show(
        f"linear probe, balanced accuracy in points (gain over a random network), {BACKBONE}, "
        f"weights={options.weights}, {options.seeds} seeds",
        figures,
    )


if __name__ == "__main__":
    main()
