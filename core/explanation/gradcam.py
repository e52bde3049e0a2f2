"""Grad-CAM (https://arxiv.org/abs/1610.02391): channels weighted by how much each raises the class's logit.

Does not differ from the paper: equation 1 for the weights, equation 2 with its ReLU for the map.
"""

from torch import Tensor

from core.explanation.record import record
from core.models import Network


def gradcam(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0."""
    seen = record(network, pictures, targets)
    weights = seen.gradients.mean((2, 3), keepdim=True)  # (N, C, 1, 1)
    return (weights * seen.activations).sum(1).relu()  # (N, C, H, W) -> (N, H, W)
