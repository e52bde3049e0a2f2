"""Layer-CAM (https://ieeexplore.ieee.org/document/9462463): only gradients that raise the logit count, place by place.

Differs from the paper in looking at one layer, the target layer, without fusing the maps of several.
"""

from torch import Tensor

from core.explanation.record import record
from core.models import Network


def layercam(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0."""
    seen = record(network, pictures, targets)
    return (seen.gradients.relu() * seen.activations).sum(1).relu()
