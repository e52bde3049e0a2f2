"""RISE (https://arxiv.org/abs/1806.07421): the mean of random masks, each weighed by the score of what it lets through.

Differs from the paper in using 256 masks, in covering with the picture's mean colour where the paper takes black, in
weighing by the logit's distance from its mean over the masks, which cancels their common level, and in showing only
what raises the score.
"""

import torch
from torch import Tensor
from torch.nn import functional

from core.explanation.record import chosen
from core.models import Network

MASKS, CELLS, SHOWN = 256, 7, 0.5
"""How many masks, cells a side of one, and the chance of a cell to be shown."""
BATCH = 16


def rise(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, S, S) >= 0. Costs 256 forward passes per picture, but no gradient."""
    masks = draw_masks(pictures.shape[-1]).to(pictures.device)
    return torch.stack(
        [weighed(network, picture.float(), target, masks) for picture, target in zip(pictures, targets, strict=True)]
    ).relu()


def draw_masks(side: int, count: int = MASKS) -> Tensor:
    """(count, side, side) in [0, 1]: coarse on-off grids, grown smoothly and shifted by part of a cell."""
    random = torch.Generator().manual_seed(0)
    cell = -(-side // CELLS)
    grids = (torch.rand(count, 1, CELLS + 1, CELLS + 1, generator=random) < SHOWN).float()
    grown = functional.interpolate(grids, size=((CELLS + 1) * cell,) * 2, mode="bilinear", align_corners=False)[:, 0]
    shifts = torch.randint(0, cell, (count, 2), generator=random).tolist()
    return torch.stack(
        [mask[down : down + side, right : right + side] for mask, (down, right) in zip(grown, shifts, strict=True)]
    )


def weighed(network: Network, picture: Tensor, target: Tensor, masks: Tensor) -> Tensor:
    """Picture (3, S, S), target (), masks (M, S, S) -> (S, S): how its being shown and the logit vary together."""
    ground = picture.mean((1, 2), keepdim=True)
    with torch.no_grad():
        scores = torch.cat(
            [
                chosen(network(ground + part[:, None] * (picture - ground)), target.expand(len(part)))
                for part in torch.split(masks, BATCH)
            ]
        ).float()
    return ((scores - scores.mean())[:, None, None] * (masks - masks.mean(0))).mean(0)
