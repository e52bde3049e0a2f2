"""What the weights in the package are worth: against a random network, on real pictures.

python -m benchmarks.bundled SETS [--seeds 5] [--weights bundled] [--tuned 5 20 0] [--cache FOLDER]

SETS is a folder with `coffee_leaf` (leaf/ID.jpg, dataset-full.csv), `chest_xray` (CLASS/FILE.png, metadata.csv) and
`blood_cells` (BCCD/Annotations, BCCD/JPEGImages). Linear probe: features are computed once at 224 px, batch norm
calibrated on pictures to learn from, pooled from the last map, standardised; logistic regression, whose C validation
chooses, a fifth of the pictures to learn from. Half of the pictures (of the patients) test it. The random network is
treated alike. `--tuned N ...`: full fine-tuning at N pictures of each class (0: all), the same steps and learning
rate for both; what is pretrained gets a head on its frozen features first, calmed as in every training of Graft's.
What was computed is kept in FOLDER for the next time.
"""

import argparse
import csv
import dataclasses
import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import torch
from PIL import Image
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.table import Figure, show
from core.catalogue import bundled_weights
from core.inference import frame_picture, to_batch
from core.models import Network, calibrate_batch_norm, channels_last, hasten_batch_norm, load_weights
from core.recipes import PRESETS, head_recipe
from core.settings import Settings
from core.training import fit_head
from core.training.augment import augment
from core.training.fit import CALMING
from core.training.head import calm_head
from core.training.plan import rate_factor
from core.types import Task

BACKBONE, SIZE, BATCH = "mobilenet_v3_small", 224, 64
COUNTS = (5, 20, 0)
TARGETS = {0: 20.0}
TUNED_TARGETS = {20: 10.0}
STRENGTHS = tuple(10.0**power for power in range(-4, 3))
MOST_ITERATIONS = 10_000
FEW_RED, MANY_RED = 10, 13
TUNED_STEPS, TUNED_BATCH, TUNED_RATE = 80, 16, 2e-3


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


def blood(folder: Path) -> Sample:
    """How many red cells a whole picture shows: few (up to 10), some, or many (14 and more), thirds of all pictures.

    Which kind of cell a cut-out shows is told by a random network, too (97 %): nothing could be gained there.
    """
    files = sorted((folder / "BCCD" / "Annotations").glob("*.xml"))
    names = [[item.findtext("name") for item in ElementTree.parse(file).getroot().iter("object")] for file in files]
    labels = [str(np.digitize(found.count("RBC"), (FEW_RED, MANY_RED), right=True)) for found in names]
    paths = [folder / "BCCD" / "JPEGImages" / f"{file.stem}.jpg" for file in files]
    return _sample("blood_cells", paths, labels, [file.stem for file in files])


SETS = {"coffee_leaf": coffee, "chest_xray": chest, "blood_cells": blood}


def _sample(name: str, paths: Sequence[Path], labels: Sequence[str], units: list[str]) -> Sample:
    squares = [frame_picture(np.array(Image.open(path).convert("RGB")), SIZE, "squash") for path in paths]
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
    labels = sample.labels.numpy()
    values = ((features - features[train].mean(0)) / (features[train].std(0) + 1e-5)).numpy()

    def fit(places: list[int], strength: float) -> LogisticRegression:
        head = LogisticRegression(C=strength, class_weight="balanced", max_iter=MOST_ITERATIONS)
        return head.fit(values[places], labels[places])

    found = [
        balanced_accuracy_score(labels[validation], fit(train, strength).predict(values[validation]))
        for strength in STRENGTHS
    ]
    chosen = fit(train + validation, STRENGTHS[int(np.argmax(found))])
    return 100 * float(balanced_accuracy_score(labels[test], chosen.predict(values[test])))


def network_with(
    weights: str, seed: int, settings: Settings, pictures: Tensor, outputs: int = 1, backbone: str = BACKBONE
) -> Network:
    """The network; one that knows no photographs gets its batch norm calibrated on these pictures."""
    torch.manual_seed(seed)
    network = Network(backbone, outputs, image_size=SIZE)
    load_weights(network, weights, settings)
    channels_last(network)
    if weights != "imagenet":
        calibrate_batch_norm(network, torch.split(pictures, BATCH))
    return network


def pooled(network: Network, pictures: Tensor) -> Tensor:
    """Features (N, F) of the last map."""
    network.eval()
    maps: nn.Module = network.body.features  # type: ignore[assignment]
    with torch.inference_mode():
        parts = [maps(network.normalise(part)).mean((2, 3)) for part in torch.split(pictures, BATCH)]
    return torch.cat(parts).clone()


def head_first(network: Network, pictures: Tensor, labels: Tensor, held: int) -> None:
    """Fit the head on frozen features; the last `held` pictures choose its epoch."""
    network.eval()
    with torch.inference_mode():
        features = torch.cat([network.forward_features(part) for part in torch.split(pictures, BATCH)])
    parts = ((features[:-held].clone(), labels[:-held]), (features[-held:].clone(), labels[-held:]))
    recipe = head_recipe(PRESETS["balanced"])
    fit = fit_head(Task.SINGLE, *parts, network.head.out_features, recipe, lambda epoch, values: None)
    with torch.no_grad():
        network.head.weight.copy_(fit.weight)
        network.head.bias.copy_(fit.bias)


def tuned(
    sample: Sample, weights: str, seed: int, settings: Settings, parts: tuple[list[int], list[int], list[int]]
) -> float:
    """Balanced accuracy in points after training everything."""
    train = [*parts[0], *parts[1]]  # the steps choose nothing, so that validation's pictures can be learnt from
    pictures, generator = sample.pictures, torch.Generator().manual_seed(seed)

    def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(logits, labels, label_smoothing=0.1)

    network = network_with(weights, seed, settings, pictures[train], int(sample.labels.max()) + 1)
    hasten_batch_norm(network)
    if weights != "none":
        head_first(network, pictures[train], sample.labels[train], len(parts[1]))
        network.train()
        some = torch.tensor(train)[torch.randperm(len(train), generator=generator)[:CALMING]]
        batches = some.tensor_split(-(-len(some) // TUNED_BATCH))
        varied = (augment(pictures[batch], "standard", generator) for batch in batches)
        calm_head(network, varied, sample.labels[some], loss_of)
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=TUNED_RATE, weight_decay=0.05, fused=True)
    for step in range(TUNED_STEPS):
        optimizer.param_groups[0]["lr"] = TUNED_RATE * rate_factor(step, TUNED_STEPS, 0.1)
        chosen = torch.tensor(train)[torch.randint(len(train), (TUNED_BATCH,), generator=generator)]
        logits = network(augment(pictures[chosen], "standard", generator))
        torch.autograd.backward(loss_of(logits, sample.labels[chosen]))
        optimizer.step()
        optimizer.zero_grad()
    calibrate_batch_norm(network, torch.split(pictures[train], BATCH))
    network.eval()
    with torch.inference_mode():
        answers = torch.cat([network(part).argmax(1) for part in torch.split(pictures[parts[2]], BATCH)])
    return 100 * float(balanced_accuracy_score(sample.labels[parts[2]].numpy(), answers.numpy()))


Pairs = list[tuple[list[float], list[float]]]
"""For each number of pictures, the scores by seed from the weights and from a random network."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, and where what was computed is kept."""

    settings: Settings
    weights: str
    memory: joblib.Memory
    backbone: str = BACKBONE

    def _key(self, weights: str) -> str:
        if weights == "none":
            return weights if self.backbone == BACKBONE else f"none {self.backbone}"
        if weights.startswith("file:"):
            return hashlib.sha256(Path(weights.removeprefix("file:")).read_bytes()).hexdigest()
        return bundled_weights()[self.backbone].sha256 if weights == "bundled" else weights

    def features(self, sample: Sample, weights: str, seed: int, calibrated: list[int]) -> Tensor:
        """Pooled features (N, F)."""

        def features_of(name: str, key: str, seed: int, calibrated: list[int]) -> Tensor:
            shown = sample.pictures[calibrated]
            network = network_with(weights, seed, self.settings, shown, backbone=self.backbone)
            return pooled(network, sample.pictures)

        return self.memory.cache(features_of)(sample.name, self._key(weights), seed, calibrated)  # type: ignore[no-any-return]

    def probed(self, sample: Sample, counts: Sequence[int], seeds: int) -> Pairs:
        """Of a linear probe."""
        found: Pairs = [([], []) for _ in counts]
        for seed in range(seeds):
            calibrated = split(sample, 0, seed)[0][:256]
            features = [self.features(sample, item, seed, calibrated) for item in (self.weights, "none")]
            for each, pair in zip(counts, found, strict=True):
                for scores, values in zip(pair, features, strict=True):
                    scores.append(probe(values, sample, split(sample, each, seed)))
        return found

    def tuned(self, sample: Sample, counts: Sequence[int], seeds: int) -> Pairs:
        """Of training everything."""

        def tuned_score(name: str, key: str, seed: int, each: int, how: tuple[float, ...]) -> float:
            weights = "none" if key == "none" else self.weights
            return tuned(sample, weights, seed, self.settings, split(sample, each, seed))

        kept, how = self.memory.cache(tuned_score), (SIZE, TUNED_STEPS, TUNED_BATCH, TUNED_RATE)
        return [
            tuple(
                [kept(sample.name, self._key(item), seed, each, how) for seed in range(seeds)]
                for item in (self.weights, "none")
            )  # type: ignore[misc]
            for each in counts
        ]


def line(title: str, ours: list[float], theirs: list[float], target: float | None) -> Figure:
    """Means, and the mean difference with its 95 % interval over the seeds (t distribution)."""
    gains = np.array(ours) - np.array(theirs)
    half = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else np.nan
    value = f"{np.mean(ours):.1f} ({gains.mean():+.1f} ± {half:.1f})"
    return Figure(
        name=title,
        value=value,
        floor=f"{np.mean(theirs):.1f}",
        target="" if target is None else f"+{target:.0f}",
        met=None if target is None else bool(gains.mean() >= target),
    )


def figures(scores: dict[str, Pairs], counts: Sequence[int], targets: dict[int, float]) -> list[Figure]:
    """A line for each set and number of pictures, and the mean over the sets, seed by seed."""
    lines = []
    for place, each in enumerate(counts):
        words = f"{each or 'all'} per class"
        pairs = [found[place] for found in scores.values()]
        lines += [line(f"{name}, {words}", *pair, None) for name, pair in zip(scores, pairs, strict=True)]
        mean = [np.mean([pair[side] for pair in pairs], 0).tolist() for side in (0, 1)]
        lines.append(line(f"mean, {words}", mean[0], mean[1], targets.get(each)))
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--weights", default="bundled", help="as in a recipe")
    parser.add_argument("--probed", type=int, nargs="*", default=COUNTS, help="pictures of each class; 0: all")
    parser.add_argument("--tuned", type=int, nargs="*", default=COUNTS, help="the same for fine-tuning")
    parser.add_argument("--cache", type=Path, help="where to keep what was computed")
    options = parser.parse_args()
    bench = Bench(Settings(), options.weights, joblib.Memory(options.cache, verbose=0))
    samples = [read(options.sets / name) for name, read in SETS.items()]
    how = f"balanced accuracy in points (gain over a random network), {BACKBONE}, weights={options.weights}"
    if options.probed:
        found = {item.name: bench.probed(item, options.probed, options.seeds) for item in samples}
        show(f"linear probe, {how}, {options.seeds} seeds", figures(found, options.probed, TARGETS))
    if options.tuned:
        found = {item.name: bench.tuned(item, options.tuned, options.seeds) for item in samples}
        show(f"fine-tuning, {how}, {options.seeds} seeds", figures(found, options.tuned, TUNED_TARGETS))


if __name__ == "__main__":
    main()
