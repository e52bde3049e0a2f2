"""Occlusion (https://arxiv.org/abs/1311.2901, section 4.2): how far the logit falls when a window is painted over.

Differs from the paper in painting with the picture's mean colour, and in giving each pixel the mean fall of the
windows that cover it; where covering helps the class, nothing is shown.
"""

import torch
from torch import Tensor

from core.explanation.record import chosen
from core.models import Network

WINDOWS_ACROSS = 6
"""A window's side is this part of the picture's; windows overlap by half."""


def occlusion(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, S, S) >= 0. Costs 121 forward passes per picture, but no gradient."""
    pixels, side = pictures.float(), pictures.shape[-1]
    window = max(1, side // WINDOWS_ACROSS)
    starts = [*range(0, side - window, max(1, window // 2)), side - window]
    ground = pixels.mean((2, 3), keepdim=True)
    fall = torch.zeros_like(pixels[:, 0])
    covered = torch.zeros_like(pixels[0, 0])
    with torch.no_grad():
        before = chosen(network(pixels), targets)
        for top in starts:
            for left in starts:
                rows, columns = slice(top, top + window), slice(left, left + window)
                hidden = pixels.clone()
                hidden[:, :, rows, columns] = ground
                fall[:, rows, columns] += (before - chosen(network(hidden), targets))[:, None, None]
                covered[rows, columns] += 1
    return (fall / covered).relu()
