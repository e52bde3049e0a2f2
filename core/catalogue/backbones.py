"""Backbones to choose from, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneInfo:
    """A pretrained network without its head.

    `words` say what it is good for; `image_size` is the side in pixels it was trained at; `parameters_m` in millions.
    """

    name: str
    title: str
    words: str
    image_size: int
    parameters_m: float
    paper: str


_LIST = (
    BackboneInfo(name="mobilenet_v3_small", title="Small and fast", words="Seconds on any computer; a good first try.",
                 image_size=224, parameters_m=2.5, paper="https://arxiv.org/abs/1905.02244"),
    BackboneInfo(name="mobilenet_v3_large", title="Phone", words="Small enough for a phone, a little more exact.",
                 image_size=224, parameters_m=5.5, paper="https://arxiv.org/abs/1905.02244"),
    BackboneInfo(name="resnet18", title="Well known", words="The network most studies compare with.",
                 image_size=224, parameters_m=11.7, paper="https://arxiv.org/abs/1512.03385"),
    BackboneInfo(name="efficientnet_b0", title="Balanced", words="Exact for its size; slower than the small one.",
                 image_size=224, parameters_m=5.3, paper="https://arxiv.org/abs/1905.11946"),
    BackboneInfo(name="convnext_tiny", title="Accurate", words="The most exact of this list; best with a GPU.",
                 image_size=224, parameters_m=28.6, paper="https://arxiv.org/abs/2201.03545"),
)  # fmt: skip

BACKBONES = {item.name: item for item in _LIST}
"""Name -> backbone, in the order people see."""
