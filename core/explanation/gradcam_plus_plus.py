"""Grad-CAM++ (https://arxiv.org/abs/1710.11063): several objects of one class each get their share.

Differs from the paper in following the logit where the paper derives its weights for exp(logit): the second and
third derivatives are then powers of the first (equation 19), as in the authors' own code.
"""

import torch
from torch import Tensor

from core.explanation.record import record
from core.models import Network

TINY = 1e-6


def gradcam_plus_plus(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0."""
    seen = record(network, pictures, targets)
    gradients, total = seen.gradients, seen.activations.sum((2, 3), keepdim=True)
    alpha = gradients**2 / (2 * gradients**2 + total * gradients**3 + TINY)  # equation 19
    alpha = torch.where(gradients != 0, alpha, 0)
    weights = (alpha * gradients.relu()).sum((2, 3), keepdim=True)  # (N, C, 1, 1)
    return (weights * seen.activations).sum(1).relu()
