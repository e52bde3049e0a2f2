"""Dead leaves: shapes that cover each other, with sizes by a power law as in nature.

https://arxiv.org/abs/2106.05963, after Lee, Mumford, Huang (https://doi.org/10.1023/A:1011109015675).
"""

from math import log, pi

import torch
from torch import Tensor

from core.formula.chance import choose, uniform

FEWEST, MOST = 3, 48


def draw(key: Tensor, instance: Tensor, size: int) -> Tensor:
    """(B, S, S) int64: which leaf is on top, 0 for the ground behind all of them, at most MOST.

    `key` (B,) decides how many there are, how large and of what shape; `instance` (B,) where each lies.
    """
    batch = len(instance)
    line = (torch.arange(size, device=instance.device) + 0.5) * (2 / size) - 1
    count = uniform(key, 21, 1, log(FEWEST), log(MOST + 1)).exp().floor()
    x0, y0 = (uniform(instance, stream, MOST, -1.1, 1.1) for stream in (21, 22))
    # Density of sizes ~ r^-3 between the smallest and the largest: by its inverse distribution.
    small, large = uniform(key, 22, 1, 0.04, 0.14), uniform(key, 23, 1, 0.2, 0.9)
    share = uniform(instance, 23, MOST)
    radius = (small**-2 + share * (large**-2 - small**-2)) ** -0.5
    radius = torch.where(torch.arange(MOST, device=count.device)[None] < count, radius, 0)
    angle = uniform(instance, 24, MOST, 0, pi)
    stretch = (1 + (uniform(key, 24, 1, 0, 2.5)) * uniform(instance, 25, MOST, 0.6, 1)).sqrt()
    shape = choose(key, 25, 3)[:, None, None]
    top = torch.zeros(batch, size, size, dtype=torch.int64, device=instance.device)
    # Pictures with many leaves first, so that each leaf is drawn for those alone that have it.
    order = count[:, 0].argsort(descending=True)
    having = (count > torch.arange(MOST, device=count.device)).sum(0).tolist()
    parts = [item[order] for item in (angle.cos(), angle.sin(), x0, y0, radius)]
    stretch, shape = stretch[order], shape[order]
    for leaf, rows in enumerate(having):
        cosine, sine, left, up, reach = (item[:rows, leaf, None, None] for item in parts)
        longer = stretch[:rows, leaf, None, None]
        x, y = line - left, line[:, None] - up
        u, v = ((cosine * x + sine * y) * longer).abs(), (cosine * y - sine * x).abs() / longer
        form = shape[:rows]
        distance = torch.where(form == 0, (u * u + v * v).sqrt(), torch.where(form == 1, torch.maximum(u, v), u + v))
        top[:rows].masked_fill_(distance < reach, leaf + 1)
    return top[order.argsort()]
