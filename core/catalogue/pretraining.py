"""Ways to pretrain as people read them, and the card of weights made so. The methods are in `core.pretraining`."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import core
from core.errors import NotEnoughImages
from core.types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainingInfo:
    """A method: `words` say what the network is asked to do. `needs_formulas`: only pictures by formula will do."""

    name: str
    title: str
    words: str
    paper: str
    needs_formulas: bool = False


_LIST = (
    PretrainingInfo(name="supervised", title="Name the formula", paper="https://arxiv.org/abs/2101.08515",
                    words="Say which formulas drew the picture, and find its other view. For drawn pictures only.",
                    needs_formulas=True),
    PretrainingInfo(name="vicreg", title="VICReg", paper="https://arxiv.org/abs/2105.04906",
                    words="Say the same of two views of a picture, and use every feature. Works with small batches."),
    PretrainingInfo(name="simclr", title="SimCLR", paper="https://arxiv.org/abs/2002.05709",
                    words="Find the other view of a picture among many. Best with large batches, on a GPU."),
    PretrainingInfo(name="nat", title="Noise as targets", paper="https://arxiv.org/abs/1704.05310",
                    words="Point to a place of its own for every picture. Cannot collapse."),
)  # fmt: skip

PRETRAININGS = {item.name: item for item in _LIST}
"""Name -> method, in the order people see."""

FEWEST_PICTURES = 16
"""So many pictures of a project it takes at least."""

COLLAPSED_SPREAD, COLLAPSED_RANK = 0.02, 2.0
"""Signs below which all pictures look alike to the network."""

BUNDLED = Path(core.__file__).parent / "models" / "bundled"
"""Weights that come with Graft: NAME.safetensors, and its card NAME.json."""
WEIGHTS_SUFFIXES = (".safetensors", ".pth", ".pt")
"""How the names of a person's own files of weights end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsCard:
    """Where a body's weights come from.

    `pictures` in words; `fractals`, `palettes`, `textures`, `scatters` and the pictures of `each` fractal are 0 unless
    they were drawn. Views grew from `first_size` to `image_size` pixels; 0: they did not. `start` as a recipe's
    `weights`. `sha256` is of the file of weights, `signs` the last ones taken, `made_on` an ISO date.
    """

    backbone: str
    method: str
    pictures: str
    image_size: int
    batch_size: int
    steps: int
    minutes: float
    seed: int
    start: str
    machine: str
    made_on: str
    sha256: str
    first_size: int = 0
    fractals: int = 0
    palettes: int = 0
    textures: int = 0
    scatters: int = 0
    each: int = 0
    signs: JsonObject = dataclasses.field(default_factory=dict)
    words: str = ""

    def to_json(self) -> JsonObject:
        """A JSON object that `from_json` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: JsonObject) -> "WeightsCard":
        """Read what `to_json` wrote."""
        return cls(**cast(dict[str, Any], value))


def bundled_weights() -> dict[str, WeightsCard]:
    """Backbone -> card of the weights that come with Graft."""
    cards = [WeightsCard.from_json(json.loads(path.read_text("utf-8"))) for path in sorted(BUNDLED.glob("*.json"))]
    return {card.backbone: card for card in cards}


def ensure_pictures(number: int) -> None:
    """Raises NotEnoughImages if a project has too few pictures, those for testing left out, to be learnt from."""
    if number >= FEWEST_PICTURES:
        return
    there = "is none" if not number else f"{'is' if number == 1 else 'are'} {number}"
    raise NotEnoughImages(
        f"Not enough pictures of your own to learn from: there {there}, and it takes at least {FEWEST_PICTURES}; "
        "pictures kept for testing do not count.",
        hint="Bring in more; a network can learn from drawn ones meanwhile.",
    )
