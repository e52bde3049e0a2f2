"""Which layer an explanation looks at, and its output as a map, for convolutional networks and transformers alike.

The layer is found by watching one picture pass: the last one that still has places (a map or tokens) and whose
places still matter to the answer. In a transformer that answers from its class token the last block's output
has no gradient in the places; there it is the norm before the last attention, as pytorch-grad-cam recommends.
Graft feeds squares, so that a map's two equal sides, or the square among the tokens, tell the layout.
"""

import math
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.explanation.hooks import frozen, outputs_of
from core.models import Network

MOST_EXTRA_TOKENS = 8
_FOUND: WeakKeyDictionary[nn.Module, nn.Module] = WeakKeyDictionary()


def as_map(activations: Tensor) -> Tensor:
    """(N, C, H, H), (N, H, H, C) or tokens (N, T + H * H, C) -> (N, C, H, H), without the T class and other tokens.

    Raises ValueError for any other shape.
    """
    shape = activations.shape
    if len(shape) == 4 and shape[2] == shape[3]:
        return activations
    if len(shape) == 4 and shape[1] == shape[2]:
        return activations.permute(0, 3, 1, 2)
    if len(shape) == 3:
        side = math.isqrt(shape[1])
        extra = shape[1] - side * side
        if extra <= MOST_EXTRA_TOKENS:
            return activations[:, extra:].transpose(1, 2).reshape(shape[0], shape[2], side, side)
    raise ValueError(f"An output of shape {tuple(shape)} has no places.")


def target_layer(network: Network, side: int) -> nn.Module:
    """The layer to look at, for pictures of `side` pixels; found once per network."""
    if network not in _FOUND:
        _FOUND[network] = _find(network, side)
    return _FOUND[network]


def look_at(network: Network, layer: nn.Module) -> None:
    """Let this be the network's target layer."""
    _FOUND[network] = layer


def _find(network: Network, side: int) -> nn.Module:
    parameter = next(network.parameters())
    random = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, side, side, generator=random).to(parameter.device) * 255
    with torch.inference_mode(False), torch.enable_grad(), frozen(network), outputs_of(network.body) as seen:
        features = network.forward_features(picture.requires_grad_())
        candidates = [(layer, output) for name, layer, output in seen if _is_candidate(name, layer, output)]
        once = [(layer, output) for layer, output in candidates if sum(item is layer for item, _ in candidates) == 1]
        direction = torch.randn(features.shape, generator=random).to(features)  # whatever the head makes of them
        gradients = torch.autograd.grad(
            (features * direction).sum(),
            [output for _, output in once],
            allow_unused=True,
        )
    for (layer, _), gradient in zip(reversed(once), reversed(gradients), strict=True):
        if gradient is not None and _places(gradient) > 1:
            return layer
    raise ValueError(f"{network.backbone} has no layer with places.")


def _is_candidate(name: str, layer: nn.Module, output: Tensor) -> bool:
    # Inside an attention, channels are queries and keys; an adaptive pool makes up places that were not there.
    if isinstance(layer, nn.AdaptiveAvgPool2d) or any("att" in part for part in name.split(".")):
        return False
    if output.shape[0] != 1 or not output.requires_grad:
        return False
    try:
        return as_map(output).shape[-1] > 1
    except ValueError:
        return False


def _places(gradient: Tensor) -> int:
    return int(as_map(gradient).abs().sum(1).count_nonzero())
