"""Gradient SHAP, also expected gradients (https://arxiv.org/abs/1705.07874, https://arxiv.org/abs/1906.10670).

Each pixel's share of the logit (an approximation of its Shapley value), averaged over several things the picture could
be compared with: black, white, the network's mean colour, and the picture out of focus. Differs from the papers in
these backgrounds, which need no training pictures, in taking 4 fixed places on the way from each where the papers draw
them, so that a picture has one heatmap, and in showing the shares' absolute sum over the colours, averaged over 9 x 9
pixels.
"""

import torch
from torch import Tensor
from torchvision.transforms import functional as pixels_of

from core.explanation.record import input_gradients
from core.explanation.saliency import saliency
from core.models import Network

PLACES = (0.125, 0.375, 0.625, 0.875)


def gradient_shap(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, S, S) >= 0."""
    return saliency(shares(network, pictures, targets, backgrounds(network, pictures)))


def backgrounds(network: Network, pictures: Tensor) -> list[Tensor]:
    """What a picture is compared with: each (N, 3, S, S)."""
    sharp, side = pictures.float(), pictures.shape[-1]
    mean = (torch.tensor(network.mean, device=sharp.device).view(3, 1, 1) * 255).expand_as(sharp)
    blurred = pixels_of.gaussian_blur(sharp, [side // 4 * 2 + 1] * 2, [max(side / 20, 0.5)] * 2)
    return [torch.zeros_like(sharp), torch.full_like(sharp, 255.0), mean, blurred]


def shares(network: Network, pictures: Tensor, targets: Tensor, grounds: list[Tensor]) -> Tensor:
    """Signed shares (N, 3, S, S); they add up to about the logit less its mean over the backgrounds."""
    sharp = pictures.float()
    total = torch.zeros_like(sharp)
    for ground in grounds:
        for place in PLACES:
            total += (sharp - ground) * input_gradients(network, ground + place * (sharp - ground), targets)
    return total / (len(grounds) * len(PLACES))
