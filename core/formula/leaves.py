"""Dead leaves: shapes that cover each other, with sizes by a power law as in nature.

https://arxiv.org/abs/2106.05963, after Lee, Mumford, Huang (https://doi.org/10.1023/A:1011109015675).
"""

from math import pi

import torch
from torch import Tensor

from core.formula.chance import choose, uniform

LEAVES = 28


def draw(instance: Tensor, size: int) -> Tensor:
    """(B, S, S) int64: which leaf is on top, 0 for the ground behind all of them."""
    batch = len(instance)
    line = (torch.arange(size, device=instance.device) + 0.5) * (2 / size) - 1
    x0, y0 = (uniform(instance, stream, LEAVES, -1.1, 1.1) for stream in (21, 22))
    # Density of sizes ~ r^-3 between the smallest and the largest: by its inverse distribution.
    small, large = 0.07, 0.9
    share = uniform(instance, 23, LEAVES)
    radius = (small**-2 + share * (large**-2 - small**-2)) ** -0.5
    angle, stretch = uniform(instance, 24, LEAVES, 0, pi), uniform(instance, 25, LEAVES, 1, 2.5).sqrt()
    shape = choose(instance, 26, 3)[:, None, None]
    top = torch.zeros(batch, size, size, dtype=torch.int64, device=instance.device)
    for leaf in range(LEAVES):
        cosine, sine = (part[:, leaf, None, None] for part in (angle.cos(), angle.sin()))
        x, y = line - x0[:, leaf, None, None], line[:, None] - y0[:, leaf, None, None]
        u, v = ((cosine * x + sine * y) * stretch[:, leaf, None, None]).abs(), (cosine * y - sine * x).abs()
        v = v / stretch[:, leaf, None, None]
        distance = torch.where(shape == 0, (u * u + v * v).sqrt(), torch.where(shape == 1, torch.maximum(u, v), u + v))
        top = torch.where(distance < radius[:, leaf, None, None], leaf + 1, top)
    return top
