"""What moves the worth of weights from drawn pictures; and whether going on from them on own pictures helps.

python -m benchmarks.ablation SETS --kept FOLDER [--only NAME ...]
python -m benchmarks.ablation SETS --kept FOLDER --own [--methods vicreg simclr]

Each variant differs from the first in one thing, and is pretrained for the same number of steps. Its worth is a linear
probe's gain over a random network, as in `benchmarks.bundled`, on the same splits. `--own`: from the package's weights,
the pictures of a split that are not tested, without their labels, are learnt from as the job does, 20 of each class
telling which look is kept; the probe's gain over the package's weights is printed. FOLDER keeps what was made.
"""

import argparse
import dataclasses
import time
from pathlib import Path

import joblib
import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from benchmarks.bundled import BACKBONE, SETS, Bench, Sample, figures, line, probe, split
from benchmarks.table import Figure, show
from core.formula import FormulaPictures, FormulaPool
from core.models import Network, calibrate_batch_norm, load_weights
from core.pretraining import Pictures, Plan, Pretrainer, Probe, Unnamed, signs
from core.settings import Settings
from core.tasks.pretrain import CALIBRATING, FROM_NOTHING, GOING_ON, GROWS_FROM, SIZE

LABELLED_EACH = 20
SEED = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to pretrain."""

    words: str
    fractals: int = 400
    each: int = 5
    size: int = SIZE
    grey: bool = False
    textures: int = 128
    method: str = "supervised"
    backbone: str = BACKBONE
    longer: int = 1


VARIANTS = {
    "first": Variant(words="400 fractals, 5 pictures of each, views of 96 to 128 px, colour, both losses"),
    "few": Variant(words="100 fractals, 20 pictures of each", fractals=100, each=20),
    "many": Variant(words="2,000 fractals, 1 picture of each", fractals=2000, each=1),
    "pictures": Variant(words="20 pictures of each of 400 fractals: 8,000", each=20),
    "small": Variant(words="views of 72 to 96 px", size=96),
    "large": Variant(words="views of 144 to 192 px", size=192),
    "grey": Variant(words="no colour", grey=True),
    "texture": Variant(words="one texture for all", textures=1),
    "view": Variant(words="find the other view only", method="simclr"),
    "vicreg": Variant(words="say the same of two views (VICReg) only", method="vicreg"),
    "longer": Variant(words="twice the steps", longer=2),
    "v2": Variant(words="MobileNetV2", backbone="mobilenet_v2"),
    "v3large": Variant(words="MobileNetV3-Large", backbone="mobilenet_v3_large"),
}


class Grey:
    """Pictures without their colour."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures, self.count, self.formulas = pictures, pictures.count, pictures.formulas
        self.labels = pictures.labels

    def read(self, positions: Tensor) -> Tensor:
        """(n, 3, S, S) uint8, all three the same."""
        drawn = self._pictures.read(positions)
        return drawn.float().mean(1, keepdim=True).round().to(torch.uint8).expand_as(drawn)


@dataclasses.dataclass(frozen=True, slots=True)
class Given(Unnamed):
    """Pictures in memory that nobody named."""

    pictures: Tensor

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.pictures)

    def read(self, positions: Tensor) -> Tensor:
        """(n, 3, S, S) uint8."""
        return self.pictures[positions]


class Silent:
    """Follows a pretraining and says what is worth a note."""

    def step(self, step: int, fraction: float, seconds_left: float | None) -> None:
        """Nothing."""

    def look(self, step: int, values: dict[str, float]) -> None:
        """Nothing."""

    def kept(self) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """A line."""
        print(text, flush=True)


def keep(path: Path, network: Network) -> None:
    """The body, as a file that a recipe's `file:PATH` reads."""
    state = {name: value.contiguous() for name, value in network.body.state_dict().items()}
    safetensors.torch.save_file(state, path)


def _state(path: Path) -> Path:
    """Where a pretraining keeps its checkpoint, so that it goes on from there."""
    folder = path.with_suffix(".state")
    folder.mkdir(exist_ok=True)
    return folder


def pretrain(variant: Variant, steps: int, path: Path) -> None:
    """From nothing, on drawn pictures."""
    pictures: Pictures = FormulaPool(
        FormulaPictures(
            seed=SEED, size=variant.size, fractals=variant.fractals, each=variant.each, textures=variant.textures
        ),
        path.parent / f"drawn-{variant.fractals}-{variant.each}-{variant.size}-{variant.textures}",
    )
    if variant.grey:
        pictures = Grey(pictures)
    torch.manual_seed(SEED)
    network = Network(variant.backbone, 1, image_size=variant.size)
    plan = Plan(
        method=variant.method, steps=steps * variant.longer, seed=SEED, first_size=round(GROWS_FROM * variant.size),
        learning_rate=FROM_NOTHING, look_every=10**6,
    )  # fmt: skip
    shown = Probe(pictures.read(torch.arange(64)), torch.empty(0))
    trainer = Pretrainer(network, pictures, plan, shown, _state(path), Silent())
    begin = time.process_time()
    trainer.fit()
    print(f"{path.stem}: {(time.process_time() - begin) / 60:.1f} minutes of processor time", flush=True)
    keep(path, trainer.result)


def ablated(options: argparse.Namespace, samples: list[Sample], memory: joblib.Memory) -> None:
    """A row for each variant: the mean over the sets, and each set."""
    title = f"linear probe after {options.steps} steps, all pictures, {options.seeds} seeds"
    rows: list[Figure] = []
    for name in options.only or VARIANTS:
        variant = VARIANTS[name]
        path = options.kept / f"{name}-{options.steps}.safetensors"
        if not path.is_file():
            pretrain(variant, options.steps, path)
        bench = Bench(Settings(), f"file:{path}", memory, variant.backbone)
        found = {item.name: bench.probed(item, (0,), options.seeds) for item in samples}
        mine = [dataclasses.replace(item, name=f"{variant.words}: {item.name}") for item in figures(found, (0,), {})]
        rows += mine
        show(title, mine)
    show(title, rows)


def gone_on(sample: Sample, seed: int, method: str, steps: int, path: Path) -> None:
    """From the package's weights, on the pictures of a split that are not tested, as the job does."""
    train, validation, _ = split(sample, 0, seed)
    mine = sorted([*train, *validation])
    sized = torch.nn.functional.interpolate(sample.pictures[mine].float(), SIZE, mode="bilinear", antialias=True)
    pictures = Given(sized.round().clamp(0, 255).to(torch.uint8).contiguous(memory_format=torch.channels_last))
    network = Network(BACKBONE, 1, image_size=SIZE)
    load_weights(network, "bundled", Settings())
    calibrate_batch_norm(network, [pictures.read(torch.arange(min(CALIBRATING, pictures.count)))])
    few = {index for part in split(sample, LABELLED_EACH, seed)[:2] for index in part}
    labelled = [place for place, index in enumerate(mine) if index in few]
    shown = Probe(pictures.read(torch.tensor(labelled)), sample.labels[[mine[place] for place in labelled]])
    plan = Plan(
        method=method,
        steps=steps,
        seed=seed,
        first_size=round(GROWS_FROM * SIZE),
        learning_rate=GOING_ON,
        look_every=20,
    )
    trainer = Pretrainer(network, pictures, plan, shown, _state(path), Silent())
    print(path.stem, "before", signs(network, shown), flush=True)
    print(path.stem, "after", trainer.fit(), "kept", trainer.best_step, flush=True)
    keep(path, trainer.result)


def on_own(options: argparse.Namespace, samples: list[Sample], memory: joblib.Memory) -> None:
    """The probe's gain over the weights it went on from, by method, set and number of pictures."""
    title = f"going on for {options.steps} steps on own pictures, {options.seeds} seeds"
    before = Bench(Settings(), "bundled", memory)
    rows: list[Figure] = []
    for method in options.methods:
        gains: dict[int, list[list[float]]] = {LABELLED_EACH: [], 0: []}
        for sample in samples:
            scores: dict[int, tuple[list[float], list[float]]] = {each: ([], []) for each in gains}
            for seed in range(options.seeds):
                path = options.kept / f"own-{sample.name}-{method}-{options.steps}-{seed}.safetensors"
                if not path.is_file():
                    gone_on(sample, seed, method, options.steps, path)
                after = Bench(Settings(), f"file:{path}", memory)
                calibrated = split(sample, 0, seed)[0][:256]
                for each, pair in scores.items():
                    for bench, scored in zip((after, before), pair, strict=True):
                        features = bench.features(sample, bench.weights, seed, calibrated)
                        scored.append(probe(features, sample, split(sample, each, seed)))
            for each, (ours, theirs) in scores.items():
                gains[each].append((np.array(ours) - np.array(theirs)).tolist())
                rows.append(line(f"{method}, {sample.name}, {each or 'all'} per class", ours, theirs, None))
            show(title, rows)
        for each, lists in gains.items():
            mean = np.mean(lists, 0).tolist()
            rows.append(line(f"{method}, mean gain, {each or 'all'} per class", mean, [0.0] * len(mean), None))
    show(title, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--kept", type=Path, required=True, help="where weights and features are kept")
    parser.add_argument("--only", nargs="*", choices=VARIANTS)
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--on", nargs="*", choices=SETS, default=list(SETS), help="sets")
    parser.add_argument("--methods", nargs="*", default=["vicreg", "simclr"])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    options.kept.mkdir(parents=True, exist_ok=True)
    samples = [SETS[name](options.sets / name) for name in options.on]
    (on_own if options.own else ablated)(options, samples, joblib.Memory(options.kept / "features", verbose=0))


if __name__ == "__main__":
    main()
