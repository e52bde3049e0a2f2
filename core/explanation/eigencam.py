"""Eigen-CAM (https://arxiv.org/abs/2008.00299): what stands out in the picture, whatever the class.

Differs from the paper in centring the channels first, as pytorch-grad-cam does, and in choosing the direction's
sign, which a decomposition leaves open: the side with the larger activations is hot.
"""

import torch
from torch import Tensor

from core.explanation.record import record
from core.models import Network


def eigencam(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0; the targets change nothing."""
    activations = record(network, pictures, targets).activations
    places = activations.flatten(2).transpose(1, 2)  # (N, C, H, W) -> (N, H * W, C)
    centred: Tensor = places - places.mean(1, keepdim=True)
    direction = torch.linalg.svd(centred, full_matrices=False).Vh[:, 0]  # (N, C)
    projected = (centred @ direction[:, :, None]).squeeze(2)  # (N, H * W)
    strength = centred.sum(2)
    sign = torch.where((projected * strength).sum(1, keepdim=True) < 0, -1.0, 1.0)
    heat: Tensor = (projected * sign).relu()
    return heat.view(len(heat), *activations.shape[2:])
