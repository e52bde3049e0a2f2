"""How far a heatmap can be trusted: three tests of a method on one model and its pictures.

Deletion and insertion: RISE, Petsiuk et al. 2018 (https://arxiv.org/abs/1806.07421, section 4.2).
Pointing game: Zhang et al. 2016 (https://arxiv.org/abs/1608.00507, section 4.1).
Randomised weights: Sanity Checks for Saliency Maps, Adebayo et al. 2018 (https://arxiv.org/abs/1810.03292).

A number has no probability: it is held against what the model says of the whole picture (`kept`).

Differs from the papers in working in 12 steps, in scaling blur and tolerance with the picture, in comparing deletion
and insertion with those of chance maps as coarse as most, and in drawing all weights anew at once, with the mean and
spread each tensor had and batch norm measured again, so that the random network is not a dead one.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import functional as pixels

from core.models import Network, calibrate_batch_norm

STEPS = 12
TOLERANCE = 0.03
"""How far the hottest place may lie beside the region, as a share of the side: the paper's 15 of some 500 pixels."""
COARSE = 8
"""Places a side of the maps that are compared and of chance maps."""

Share = Callable[[Tensor], Tensor]
"""Outputs (N, K) -> what the model makes of each class (N, K)."""
TINY = 1e-6


def deletion_insertion(
    network: Network, pictures: Tensor, targets: Tensor, maps: Tensor, share: Share, *, steps: int = STEPS
) -> tuple[Tensor, Tensor]:
    """Areas under the class's probability as the hottest places go, and as they come: each (N,) in [0, 1].

    Pictures (N, 3, S, S), targets (N,), maps (N, S, S). Deleted pixels take the picture's mean colour; insertion begins
    with the blurred picture. A good map deletes fast (low) and inserts fast (high).
    """
    sharp = pictures.float()
    side = pictures.shape[-1]
    grey = sharp.mean((2, 3), keepdim=True).expand_as(sharp)
    blurred = pixels.gaussian_blur(sharp, [side // 4 * 2 + 1] * 2, [max(side / 20, 0.5)] * 2)
    rank = _ranks(maps)  # (N, S, S): 0 the hottest
    gone: list[Tensor] = []
    come: list[Tensor] = []
    with torch.inference_mode():
        for step in range(steps + 1):
            hot = (rank < step / steps * side * side)[:, None]
            for curve, start, end in ((gone, sharp, grey), (come, blurred, sharp)):
                shares = share(network(torch.where(hot, end, start)).float())
                curve.append(shares.gather(1, targets[:, None])[:, 0])
    areas = [torch.trapezoid(torch.stack(curve), dx=1 / steps, dim=0) for curve in (gone, come)]
    return areas[0].cpu().clone(), areas[1].cpu().clone()


def kept(network: Network, pictures: Tensor) -> Share:
    """Of a number: how much of what the model says of the pictures (N, 3, S, S) is left, in [0, 1].

    1 is the same number; 0 is as far off as what it says of the picture's mean colour, or farther.
    """
    whole = pictures.float()
    with torch.inference_mode():
        said = network(whole).float()
        reach = (network(whole.mean((2, 3), keepdim=True).expand_as(whole)).float() - said).abs().clamp_min(TINY)
    return lambda numbers: (1 - (numbers - said).abs() / reach).clamp(0, 1)


def _ranks(maps: Tensor) -> Tensor:
    """(N, S, S) -> the place of each pixel in the order from hot to cold; equal ones in a fixed random order."""
    flat = maps.flatten(1).float()
    shuffled = torch.randperm(flat.shape[1], generator=torch.Generator().manual_seed(0)).to(flat.device)
    order = shuffled[flat[:, shuffled].argsort(dim=1, descending=True, stable=True)]
    places = torch.arange(flat.shape[1], device=flat.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places).view(maps.shape)


def chance_maps(count: int, side: int, seed: int) -> Tensor:
    """Smooth maps (count, side, side) that know nothing."""
    coarse = torch.rand(count, 1, COARSE, COARSE, generator=torch.Generator().manual_seed(seed))
    return functional.interpolate(coarse, size=(side, side), mode="bilinear")[:, 0]


def points_inside(maps: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
    """Whether each map's hottest place is in its region or close to it, and the share of places for which it would be.

    Maps (N, S, S), regions (N, S, S) bool -> (N,) bool, (N,) in [0, 1]. An empty map points nowhere.
    """
    reach = round(TOLERANCE * maps.shape[-1])
    wide = functional.max_pool2d(regions[:, None].float(), 2 * reach + 1, stride=1, padding=reach)[:, 0] > 0
    hottest = maps.flatten(1).argmax(1, keepdim=True)
    hits = wide.flatten(1).gather(1, hottest)[:, 0] & (maps.amax((1, 2)) > 0)
    return hits, wide.float().mean((1, 2))


def randomised(network: Network, pictures: Tensor, seed: int = 0) -> Network:
    """A copy whose weights are drawn anew; batch norm is measured on the pictures (N, 3, S, S)."""
    other = copy.deepcopy(network)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in other.parameters():
            if parameter.dim() > 1:
                drawn = torch.randn(parameter.shape, generator=random).to(parameter)
                parameter.copy_(drawn * parameter.std(unbiased=False) + parameter.mean())
    calibrate_batch_norm(other, [pictures])
    return other.eval()


def likeness(maps: Tensor, others: Tensor) -> NDArray[np.float64]:
    """Rank correlation (Spearman) of each pair of maps (N, S, S), looked at coarsely: (N,) in [-1, 1].

    An empty map is like nothing: 0.
    """
    coarse = [functional.adaptive_avg_pool2d(item[:, None], COARSE).flatten(1).numpy() for item in (maps, others)]
    one, other = (rankdata(item, axis=1) - (item.shape[1] + 1) / 2 for item in coarse)
    scale = np.sqrt((one**2).sum(1) * (other**2).sum(1))
    together: NDArray[np.float64] = (one * other).sum(1)
    found: NDArray[np.float64] = np.divide(together, scale, out=np.zeros(len(one)), where=scale > 0)
    return found
