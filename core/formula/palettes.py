"""Colours along a line: a mean and three waves, https://iquilezles.org/articles/palettes."""

from math import pi

import torch
from torch import Tensor

from core.formula.chance import uniform


def colours(key: Tensor, place: Tensor) -> Tensor:
    """(B, 3, S, S) in [0, 1]: the colours of palettes `key` (B,) at places (B, S, S) in [0, 1]."""
    mean = uniform(key, 31, 3, 0.25, 0.75)
    swing = torch.minimum(uniform(key, 32, 3, 0.05, 0.5), torch.minimum(mean, 1 - mean) + 0.1)
    speed, phase = uniform(key, 33, 3, 0.3, 1.2), uniform(key, 34, 3)
    wave = [item[:, :, None, None] for item in (mean, swing, speed, phase)]
    return (wave[0] + wave[1] * torch.cos(2 * pi * (wave[2] * place[:, None] + wave[3]))).clamp(0, 1)
