"""Backbones to choose from, as data: a short list in an expert's words, and every other one by name."""

import csv
import functools
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from core.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneInfo:
    """A network without its head.

    `name` is torchvision's, timm's as "timm:NAME", or Graft's own as "graft:NAME". `words` say what it is good for
    ("" outside the short list). `image_size` is the side in pixels it was trained at; `parameters_m` in millions;
    `pretrained` whether weights trained on ImageNet are published; `lacks` those of PARTS that it has none of.
    """

    name: str
    title: str
    words: str
    image_size: int
    parameters_m: float
    paper: str = ""
    pretrained: bool = True
    lacks: tuple[str, ...] = ()

    def why_not(self, tune: str) -> str:
        """Why what a recipe's `tune` names cannot learn, as half a sentence; "" where it can."""
        return without_part(tune, self.lacks)

    def check_part(self, tune: str) -> None:
        """Raises BadInput if a recipe's `tune` names parts that the network has none of."""
        if why := self.why_not(tune):
            raise BadInput(f"{self.name} {why}.", hint=OTHER_PART)


PARTS = {
    "norm": "has no norm layers that could learn alone",
    "bias": "has no biases that could learn alone",
    "attention": "has no attention that could learn alone",
    "lora": "has no linear layers that LoRA could add to",
    "gamma": "has no residual branches that could begin silent",
}
"""What a recipe may name, as `tune` or by `zero_gamma`, that not every network has -> what is said of one without."""
OTHER_PART = "Choose a transformer, or something else under “What learns” (tune), such as gradual."


def without_part(tune: str, lacks: Collection[str]) -> str:
    """Why a network that `lacks` some of PARTS cannot learn by `tune`, as half a sentence; "" where it can."""
    part = tune.partition(":")[0]
    return PARTS[part] if part in lacks else ""


_SHORT_LIST = (
    BackboneInfo(name="mobilenet_v3_small", title="Small and fast", words="Seconds on any computer; a good first try.",
                 image_size=224, parameters_m=2.5, paper="https://arxiv.org/abs/1905.02244", lacks=("attention",)),
    BackboneInfo(name="mobilenet_v3_large", title="Phone", words="Small enough for a phone, a little more exact.",
                 image_size=224, parameters_m=5.5, paper="https://arxiv.org/abs/1905.02244", lacks=("attention",)),
    BackboneInfo(name="efficientnet_b0", title="Balanced", words="Exact for its size; slower than the small one.",
                 image_size=224, parameters_m=5.3, paper="https://arxiv.org/abs/1905.11946",
                 lacks=("attention", "lora")),
    BackboneInfo(name="resnet18", title="Well known", words="The network most studies compare with.",
                 image_size=224, parameters_m=11.7, paper="https://arxiv.org/abs/1512.03385",
                 lacks=("attention", "lora")),
    BackboneInfo(name="convnext_tiny", title="Accurate", words="The most exact of this list; best with a GPU.",
                 image_size=224, parameters_m=28.6, paper="https://arxiv.org/abs/2201.03545",
                 lacks=("attention", "gamma")),
    BackboneInfo(name="timm:vit_small_patch16_224", title="Transformer",
                 words="Looks at the whole picture at once; best with a GPU and many pictures.",
                 image_size=224, parameters_m=22.1, paper="https://arxiv.org/abs/2010.11929", lacks=("gamma",)),
    BackboneInfo(name="graft:tiny_cnn", title="Microcontroller or phone", pretrained=False,
                 words="So small that it fits a sensor; learns from nothing, so it needs many pictures.",
                 image_size=96, parameters_m=0.014, paper="https://arxiv.org/abs/2501.15547",
                 lacks=("attention", "lora", "gamma")),
    BackboneInfo(name="graft:light_cnn", title="Plain", pretrained=False,
                 words="The vanilla CNN that studies begin with; learns from nothing.",
                 image_size=128, parameters_m=0.241, lacks=("attention", "lora", "gamma")),
)  # fmt: skip

BACKBONES = {item.name: item for item in _SHORT_LIST}
"""The short list: name -> backbone, in the order people see."""


@functools.cache
def _table() -> dict[str, dict[str, str]]:
    """The table beside this file, by name; it is written by `python -m core.models.listing`."""
    with (Path(__file__).parent / "backbones.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


@functools.cache
def all_backbones() -> dict[str, BackboneInfo]:
    """Every backbone by name: the short list, then torchvision's and timm's others."""
    others = {
        name: BackboneInfo(
            name=name,
            title=name.removeprefix("timm:"),
            words="",
            image_size=int(row["image_size"]),
            parameters_m=float(row["parameters_m"]),
            pretrained=bool(row["weights"]),
            lacks=tuple(row["lacks"].split()),
        )
        for name, row in _table().items()
    }
    return BACKBONES | {name: info for name, info in others.items() if name not in BACKBONES}


def published_weights(name: str) -> str:
    """What a backbone's published weights are called once they are downloaded: a file, or a folder of the hub's client.

    "" where nobody published any.
    """
    network, _, tag = name.partition(".")
    row = _table().get(network)
    usual = row["weights"] if row else ""
    tagged = f"{network.removeprefix('timm:')}.{tag}"
    return usual if not tag or usual.endswith(f"--{tagged}") else f"models--timm--{tagged}"


def backbone_info(name: str) -> BackboneInfo:
    """The backbone called `name`; timm's may carry a dot and the tag of its weights, "timm:NAME.TAG".

    Raises BadInput with similar names for an unknown one.
    """
    found = all_backbones().get(name) or all_backbones().get(name.split(".")[0] if name.startswith("timm:") else "")
    if found is None:
        known = ", ".join(get_close_matches(name, all_backbones(), 5) or BACKBONES)
        raise BadInput(f"There is no backbone {name!r}.", hint=f"Choose one such as {known}.")
    return found


def search_backbones(text: str) -> list[BackboneInfo]:
    """Backbones whose name, title or words hold every word of `text`, smallest first; the short list for no text."""
    words = text.casefold().split()
    if not words:
        return list(BACKBONES.values())
    found = [
        item
        for item in all_backbones().values()
        if all(word in f"{item.name} {item.title} {item.words}".casefold() for word in words)
    ]
    return sorted(found, key=lambda item: (item.parameters_m, item.name))
