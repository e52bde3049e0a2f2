"""HiRes-CAM (https://arxiv.org/abs/2011.08891): gradient times activation, place by place, without averaging.

Does not differ from the paper, but for the ReLU, which keeps what speaks for the class.
"""

from torch import Tensor

from core.explanation.record import record
from core.models import Network


def hirescam(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0."""
    seen = record(network, pictures, targets)
    return (seen.gradients * seen.activations).sum(1).relu()
