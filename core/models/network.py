"""A backbone of torchvision with its last layer replaced."""

from collections.abc import Iterable
from pathlib import Path
from typing import cast
from urllib.error import URLError

import torch
import torchvision
from torch import Tensor, nn

from core.catalogue import BACKBONES
from core.errors import BadInput, WeightsUnavailable

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Network(nn.Module):
    """`body` turns pictures into features (N, F); `head` turns these into logits (N, K)."""

    def __init__(self, body: nn.Module, features: int, outputs: int) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(features, outputs)

    def forward_features(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W), uint8 or float in [0, 255] -> (N, F)."""
        mean = torch.tensor(MEAN, device=pictures.device).view(3, 1, 1)
        std = torch.tensor(STD, device=pictures.device).view(3, 1, 1)
        return cast(Tensor, self.body((pictures.float() / 255 - mean) / std))

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) -> logits (N, K)."""
        return cast(Tensor, self.head(features))

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> logits (N, K)."""
        return self.forward_head(self.forward_features(pictures))


def build_network(backbone: str, outputs: int, *, weights: str, weights_dir: Path | None = None) -> Network:
    """A network with a new head. `weights` is "imagenet" (downloaded once, its hash checked) or "none".

    Raises BadInput for an unknown backbone or weights, WeightsUnavailable when they cannot be fetched.
    """
    if backbone not in BACKBONES:
        raise BadInput(f"There is no backbone {backbone!r}.", hint=f"Choose one of {', '.join(BACKBONES)}.")
    body = torchvision.models.get_model(backbone, weights=None)
    if weights == "imagenet":
        body.load_state_dict(_imagenet(backbone, weights_dir))
    elif weights != "none":
        raise BadInput(f"weights cannot be {weights!r} yet.", hint="Choose imagenet or none.")
    return Network(body, _cut(body), outputs)


def _imagenet(backbone: str, folder: Path | None) -> dict[str, Tensor]:
    entry = torchvision.models.get_model_weights(backbone).DEFAULT
    try:
        state = entry.get_state_dict(progress=False, check_hash=True, model_dir=str(folder) if folder else None)
    except (URLError, OSError, RuntimeError) as error:
        raise WeightsUnavailable(
            f"The pretrained weights of {backbone} could not be downloaded: the network or their host is away.",
            hint="Connect once and try again, or choose the weights 'none'.",
        ) from error
    return cast(dict[str, Tensor], state)


def _cut(body: nn.Module) -> int:
    """Replace the last linear layer by nothing; returns how many features reach it."""
    name, layer = [(name, item) for name, item in body.named_modules() if isinstance(item, nn.Linear)][-1]
    parent, _, last = name.rpartition(".")
    setattr(body.get_submodule(parent), last, nn.Identity())
    return layer.in_features


def calibrate_batch_norm(network: Network, batches: Iterable[Tensor]) -> None:
    """Measure batch norm's means and variances on these pictures.

    A network that was never trained has none of its own: without this its features hardly differ.
    """
    layers = [item for item in network.modules() if isinstance(item, nn.modules.batchnorm._BatchNorm)]
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
