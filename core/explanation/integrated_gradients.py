"""Integrated gradients (https://arxiv.org/abs/1703.01365): each pixel's share of the logit on the way from grey.

Differs from the paper only in what is shown: the shares' absolute sum over the colours, averaged over 9 x 9 pixels,
because single pixels cannot be seen. The way begins at the colour for which the network's input is zero.
"""

import torch
from torch import Tensor

from core.explanation.record import input_gradients
from core.explanation.saliency import saliency
from core.models import Network

STEPS = 16


def integrated_gradients(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, S, S) >= 0."""
    return saliency(attributions(network, pictures, targets))


def attributions(network: Network, pictures: Tensor, targets: Tensor, steps: int = STEPS) -> Tensor:
    """Signed shares (N, 3, S, S); they add up to the logit less the mean colour's, better with more steps."""
    pixels = pictures.float()
    ground = torch.tensor(network.mean, device=pixels.device).view(3, 1, 1) * 255
    total = torch.zeros_like(pixels)
    for step in range(steps):
        share = (step + 0.5) / steps  # the middle of each step
        total += input_gradients(network, ground + share * (pixels - ground), targets)
    return (pixels - ground) * total / steps
