"""Fractals: the attractors of iterated function systems, drawn by the chaos game.

Systems are drawn by their singular values, as in https://arxiv.org/abs/2110.03091, so that nearly all of them fill
their place, where https://arxiv.org/abs/2101.08515 had to search. Colours run along the maps, as in fractal flames
(https://flam3.com/flame_draves.pdf).
"""

from math import pi

import torch
from torch import Tensor
from torch.nn import functional

from core.formula.chance import choose, uniform

MAPS = 6
"""Maps of a system, at most; systems with fewer never use the last ones."""
WALKERS, BURN_IN = 512, 10
POINTS_PER_PIXEL = 1.8


def systems(key: Tensor) -> tuple[Tensor, Tensor]:
    """Maps (B, 7, MAPS) as rows a, b, c, d, e, f and colour, and the cumulated chances (B, MAPS) to apply each."""
    batch = len(key)
    count = 2 + choose(key, 1, MAPS - 1)
    used = torch.arange(MAPS, device=key.device)[None] < count[:, None]
    # Their sum of s1 + 2 s2 decides how the attractor fills the plane: section 3.2 of the paper.
    wanted = 0.5 * (5 + count[:, None]) + 0.5 * uniform(key, 2, 1)
    first, second = uniform(key, 3, MAPS, 0.3, 1.0), uniform(key, 4, MAPS, 0.1, 1.0)
    second = torch.minimum(first, second)
    factor = wanted / ((first + 2 * second) * used).sum(1, keepdim=True)
    first, second = (first * factor).clamp_max(0.92), (second * factor).clamp_max(0.9)
    turn, tilt = uniform(key, 5, MAPS, -pi, pi), uniform(key, 6, MAPS, -pi, pi)
    mirror = torch.where(uniform(key, 7, MAPS) < 0.5, -1.0, 1.0)
    cos_turn, sin_turn, cos_tilt, sin_tilt = turn.cos(), turn.sin(), tilt.cos(), tilt.sin()
    rows = [
        first * cos_turn * cos_tilt - second * sin_turn * sin_tilt * mirror,
        -first * cos_turn * sin_tilt - second * sin_turn * cos_tilt * mirror,
        first * sin_turn * cos_tilt + second * cos_turn * sin_tilt * mirror,
        -first * sin_turn * sin_tilt + second * cos_turn * cos_tilt * mirror,
        uniform(key, 8, MAPS, -1, 1),
        uniform(key, 9, MAPS, -1, 1),
        uniform(key, 10, MAPS),
    ]
    chance = ((first * second).clamp_min(0.02) * used).view(batch, MAPS)
    return torch.stack(rows, 1), (chance / chance.sum(1, keepdim=True)).cumsum(1)


def draw(key: Tensor, instance: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Density and colour, each (B, S, S) in [0, 1], of the systems of `key` (B,).

    `instance` (B,) decides how each is deformed, turned, sized and placed, and where the game's points fall.
    """
    maps, chances = systems(key)
    # The parameters shake a little, as FractalDB varies the pictures of a class.
    shake = uniform(instance, 1, 6 * MAPS, 0.92, 1.08).view(-1, 6, MAPS)
    maps = torch.cat([maps[:, :6] * shake, maps[:, 6:]], 1)
    points, colour = _play(maps, chances, instance, round(POINTS_PER_PIXEL * size * size / WALKERS))
    return _raster(_placed(points, instance), colour, size)


def _play(maps: Tensor, chances: Tensor, instance: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Points (B, 2, P) and their colours (B, P)."""
    batch = len(maps)
    drawn = uniform(instance, 2, WALKERS * (steps + BURN_IN))
    choice = torch.searchsorted(chances, drawn).clamp_(max=MAPS - 1).view(batch, steps + BURN_IN, 1, WALKERS)
    x = y = colour = torch.zeros(batch, WALKERS, device=maps.device)
    kept = []
    for step in range(steps + BURN_IN):
        now = torch.gather(maps, 2, choice[:, step].expand(-1, 7, -1))
        x, y = now[:, 0] * x + now[:, 1] * y + now[:, 4], now[:, 2] * x + now[:, 3] * y + now[:, 5]
        colour = 0.5 * (colour + now[:, 6])
        if step >= BURN_IN:
            kept.append(torch.stack([x, y, colour], 1))
    found = torch.cat(kept, 2)
    return found[:, :2], found[:, 2]


def _placed(points: Tensor, instance: Tensor) -> Tensor:
    """The points in the picture's plane, [-1, 1] both ways."""
    mean, spread = points.mean(2, keepdim=True), points.std(2, keepdim=True).amax(1, keepdim=True).clamp_min(1e-4)
    angle = uniform(instance, 3, 1, -pi, pi)
    scale = uniform(instance, 4, 1, 0.28, 0.55)
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    x, y = ((points - mean) / spread).unbind(1)
    shift = uniform(instance, 5, 2, -0.25, 0.25)
    return torch.stack([cosine * x - sine * y + shift[:, :1], sine * x + cosine * y + shift[:, 1:]], 1)


def _raster(points: Tensor, colour: Tensor, size: int) -> tuple[Tensor, Tensor]:
    batch = len(points)
    places = ((points + 1) * (size / 2)).nan_to_num(-1).clamp_(-1, size).floor_().long()
    x, y = places.unbind(1)
    inside = ((x >= 0) & (x < size) & (y >= 0) & (y < size)).float()
    row = torch.arange(batch, device=points.device)[:, None] * (size * size)
    flat = (row + y.clamp(0, size - 1) * size + x.clamp(0, size - 1)).flatten()
    sums = torch.zeros(2, batch * size * size, device=points.device)
    sums[0].scatter_add_(0, flat, inside.flatten())
    sums[1].scatter_add_(0, flat, (inside * colour).flatten())
    # A little blur closes the gaps between the points.
    counts, colours = functional.avg_pool2d(sums.view(2, batch, size, size), 3, 1, 1).unbind(0)
    density = torch.log1p(2 * counts)
    return density / density.amax((1, 2), keepdim=True).clamp_min(1e-6), colours / counts.clamp_min(1e-6)
