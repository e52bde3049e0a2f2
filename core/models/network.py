"""A network: a body that turns pictures into features, and a linear head that turns these into answers."""

import itertools
from collections.abc import Iterable
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from core.models.bodies import Triple, build_body
from core.models.grades import SharedHead, grade_logits, shared_grade_logits

Module = TypeVar("Module", bound=nn.Module)


class Network(nn.Module):
    """`body` turns pictures into features (N, F); `head` turns these into logits (N, K).

    With `ranked` the head says K - 1 ranks, of which `link` makes the logits of the K grades: by CORN or, if `shared`,
    by CORAL (`core.models.grades`).
    `backbone` is the catalogue's name; `mean` and `std` are per channel, of pixels in [0, 1].
    """

    def __init__(
        self, backbone: str, outputs: int, *, image_size: int, ranked: bool = False, shared: bool = False
    ) -> None:
        super().__init__()
        body = build_body(backbone, image_size)
        self.backbone = backbone
        self.image_size = image_size
        self.mean: Triple = body.mean
        self.std: Triple = body.std
        self.body = body.module
        self.ranked, self.shared = ranked, shared
        self.head: nn.Linear = (SharedHead if shared else nn.Linear)(body.features, outputs - ranked)
        # Scale and shift in one step, for pixels in [0, 255]. Not state: they follow from the backbone.
        std = torch.tensor(body.std).view(1, 3, 1, 1)
        self.register_buffer("_scale", 1 / (255 * std), persistent=False)
        self.register_buffer("_shift", -torch.tensor(body.mean).view(1, 3, 1, 1) / std, persistent=False)

    @property
    def outputs(self) -> int:
        """K: how many logits it gives."""
        return self.head.out_features + self.ranked

    def normalise(self, pictures: Tensor, *, channels: int = 1) -> Tensor:
        """(N, 3, H, W), uint8 or float in [0, 255] -> float, as the body wants it; `channels`: where the 3 stand."""
        scale, shift = (item.movedim(1, channels) for item in (cast(Tensor, self._scale), cast(Tensor, self._shift)))
        return torch.addcmul(shift, pictures.float(), scale)  # one pass, where a product and a sum take two

    def forward_features(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W), uint8 or float in [0, 255] -> (N, F)."""
        return cast(Tensor, self.body(self.normalise(pictures)))

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) -> logits (N, K)."""
        return self.link(self.head(features))

    def link(self, said: Tensor) -> Tensor:
        """What the head says -> logits (N, K)."""
        if not self.ranked:
            return said
        return shared_grade_logits(said) if self.shared else grade_logits(said)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> logits (N, K)."""
        return self.forward_head(self.forward_features(pictures))


def channels_last(module: Module) -> Module:
    """The same, what has four dimensions laid out in memory as processors and GPUs look at pictures fastest.

    `Module.to` would move what has five as well, which that order does not know: position weights of lambda layers.
    """
    for item in itertools.chain(module.parameters(), module.buffers()):
        if item.ndim == 4:
            item.data = item.data.to(memory_format=torch.channels_last)
    return module


def hasten_batch_norm(network: Network) -> None:
    """Let batch norm's running statistics follow at least by a tenth in each step.

    MobileNetV3 moves them by a hundredth, which suits the long training it was published with: in a short one from
    scratch they lag so far behind the weights that validation sees another network than the one that learns.
    """
    for layer in network.body.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.momentum is not None:
            layer.momentum = max(layer.momentum, 0.1)


def calibrate_batch_norm(network: Network, batches: Iterable[Tensor]) -> None:
    """Measure batch norm's means and variances on these pictures.

    A network that was never trained has none of its own: without this its features hardly differ.
    """
    layers = [item for item in network.modules() if isinstance(item, nn.modules.batchnorm._BatchNorm)]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain average over all batches
        layer.train()
    with torch.inference_mode():
        for batch in batches:
            network.forward_features(batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
