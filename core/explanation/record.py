"""One forward pass, and the backward pass from the classes' logits down to the target layer."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.explanation.hooks import frozen, leaf_at
from core.explanation.layers import as_map, target_layer
from core.models import Network


@dataclass(frozen=True, slots=True)
class Recorded:
    """`activations` and `gradients` of the target layer, each (N, C, H, W); the gradients are of the logit."""

    activations: Tensor
    gradients: Tensor


def record(network: Network, pictures: Tensor, targets: Tensor) -> Recorded:
    """Pictures (N, 3, S, S) in [0, 255], targets (N,). The logit itself is followed, not a loss or a probability."""
    layer = target_layer(network, pictures.shape[-1])
    with torch.inference_mode(False), torch.enable_grad(), frozen(network), leaf_at(layer) as leaf:
        logits = network(pictures)
        assert leaf.value is not None
        (gradients,) = torch.autograd.grad(chosen(logits, targets).sum(), leaf.value)
    return Recorded(as_map(leaf.value.detach()).float(), as_map(gradients).float())


def input_gradients(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """Each picture's logit by its pixels: (N, 3, S, S) float in [0, 255] -> (N, 3, S, S)."""
    with torch.inference_mode(False), torch.enable_grad(), frozen(network):
        pixels = pictures.detach().clone().requires_grad_()
        (gradients,) = torch.autograd.grad(chosen(network(pixels), targets).sum(), pixels)
    return gradients


def chosen(logits: Tensor, targets: Tensor) -> Tensor:
    """(N, K), (N,) -> (N,): each picture's own logit."""
    return logits.gather(1, targets[:, None]).squeeze(1)
