"""Two views of a picture: crops, turns, light, colour, sometimes grey (https://arxiv.org/abs/2002.05709, appendix A)."""

import torch
from torch import Tensor

from core.training.augment import Strength, vary

STRENGTH = Strength(mirror=True, turn_degrees=20, shift=0.12, zoom=0.8, light=0.35, colour=0.25, erase=0.0)
GREY = 0.15


def two_views(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """(n, 3, S, S) in [0, 255] -> (2n, 3, S, S) float: all in one view, then all in another."""
    views = vary(pictures.repeat(2, 1, 1, 1), STRENGTH, generator)
    grey = (torch.rand(len(views), 1, 1, 1, generator=generator) < GREY).to(views.device)
    return torch.where(grey, views.mean(1, keepdim=True), views)
