"""Two views of a picture: crops, turns, light, colour, at times grey or noisy (arXiv 2002.05709, appendix A)."""

import torch
from torch import Tensor
from torch.nn import functional

from core.training.ahead import on_device
from core.training.augment import Strength, vary

FAR = Strength(mirror=True, turn_degrees=20, shift=0.12, zoom=0.8, light=0.35, colour=0.25)
NEAR = Strength(mirror=True, turn_degrees=180, shift=0.12, zoom=0.5, light=0.4, colour=0.25)
"""For drawn pictures, which come again and again: no fractal changes its name when it is turned."""
GREY = 0.15
"""Share of the views that lose their colour: it is used, but not trusted."""
NOISY, NOISE = 0.3, 0.1 * 255
"""Share of the views with noise, and its largest standard deviation: drawn pictures have none, photographs do."""


def two_views(pictures: Tensor, strength: Strength, generator: torch.Generator, side: int) -> Tensor:
    """(n, 3, S, S) in [0, 255] -> (2n, 3, side, side) float: all in one view, then all in another."""
    if side != pictures.shape[-1]:
        # torch shrinks bytes on a processor alone.
        pictures = pictures if pictures.device.type == "cpu" else pictures.float()
        pictures = functional.interpolate(pictures, side, mode="bilinear", antialias=True)
    views = vary(pictures.repeat(2, 1, 1, 1), strength, generator)
    grey = on_device(torch.rand(len(views), 1, 1, 1, generator=generator) < GREY, views.device)
    return _noisy(torch.where(grey, views.mean(1, keepdim=True), views), generator)


def _noisy(views: Tensor, generator: torch.Generator) -> Tensor:
    noisy = (torch.rand(len(views), generator=generator) < NOISY).nonzero()[:, 0]
    deviation = torch.rand(len(noisy), 1, 1, 1, generator=generator) * NOISE
    there = torch.Generator(views.device).manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
    noise = torch.randn((len(noisy), *views.shape[1:]), generator=there, device=views.device)
    noise.mul_(on_device(deviation, views.device))
    return views.index_add_(0, on_device(noisy, views.device), noise).clamp_(0, 255)
