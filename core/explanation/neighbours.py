"""Because it resembles: the pictures a network holds for most alike, by the angle between their features."""

import torch
from torch import Tensor
from torch.nn import functional


def nearest(features: Tensor, query: Tensor, allowed: Tensor, count: int) -> list[tuple[int, float]]:
    """Features (N, F), query (F,), allowed (N,) bool -> at most `count` (position, distance), the nearest first.

    The distance is one less the cosine: 0 for the same direction, 1 for nothing in common, 2 for the opposite.
    """
    distances = 1 - functional.normalize(features, dim=1) @ functional.normalize(query, dim=0)
    distances = torch.where(allowed, distances.clamp_min(0), torch.inf)
    order = distances.argsort(stable=True)[:count].tolist()
    return [(position, float(distances[position])) for position in order if bool(allowed[position])]
