"""Two views of a picture: crops, turns, light, colour, sometimes grey (arXiv 2002.05709, appendix A)."""

import torch
from torch import Tensor

from core.training.augment import Strength, vary

FAR = Strength(mirror=True, turn_degrees=20, shift=0.12, zoom=0.8, light=0.35, colour=0.25, erase=0.0)
NEAR = Strength(mirror=False, turn_degrees=8, shift=0.05, zoom=0.25, light=0.15, colour=0.08, erase=0.0)
"""For pictures that vary by themselves, and whose label is in their colours and scales."""
GREY = 0.15
"""Share of the far views that lose their colour."""


def two_views(pictures: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """(n, 3, S, S) in [0, 255] -> (2n, 3, S, S) float: all in one view, then all in another."""
    views = vary(pictures.repeat(2, 1, 1, 1), strength, generator)
    if strength is NEAR:
        return views
    grey = (torch.rand(len(views), 1, 1, 1, generator=generator) < GREY).to(views.device)
    return torch.where(grey, views.mean(1, keepdim=True), views)
