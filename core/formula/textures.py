"""Textures: noise with a spectrum of its own, bent by a curve (https://arxiv.org/abs/2106.05963, "spectrum models")."""

from math import pi

import torch
from torch import Tensor

from core.formula.chance import choose, uniform


def draw(key: Tensor, instance: Tensor, size: int) -> Tensor:
    """(B, S, S) in [0, 1]. `key` (B,) decides the kind of texture, `instance` (B,) which piece of it."""
    phase = 2 * pi * uniform(instance, 11, size * (size // 2 + 1)).view(-1, size, size // 2 + 1)
    field = torch.fft.irfft2(torch.polar(_spectrum(key, size), phase), s=(size, size))
    field = field / field.std((1, 2), keepdim=True).clamp_min(1e-9)
    return _bent(field, key)


def _spectrum(key: Tensor, size: int) -> Tensor:
    """How strong each frequency is: a falling power, and one band with a direction."""
    down = torch.fft.fftfreq(size, device=key.device)[:, None] * size
    across = torch.fft.rfftfreq(size, device=key.device)[None] * size
    angle = uniform(key, 1, 1, 0, pi)[..., None]
    along = across * angle.cos() + down * angle.sin()
    aside = (down * angle.cos() - across * angle.sin()) * torch.exp(uniform(key, 2, 1, 0, 1.2)[..., None])
    radius = (along.square() + aside.square()).sqrt().clamp_min(1)
    power = radius ** -uniform(key, 3, 1, 0.8, 2.6)[..., None]
    centre = torch.exp(uniform(key, 4, 1, 0.9, 3.2))[..., None]
    width = 0.15 * centre + 0.6
    straight = uniform(key, 5, 1)[..., None] < 0.5  # a direction of its own, or a ring of all directions
    distance = torch.where(straight, ((along.abs() - centre).square() + aside.square()).sqrt(), (radius - centre).abs())
    band = torch.exp(-0.5 * (distance / width).square()) * (radius.clamp_min(1) ** -1)
    share = uniform(key, 6, 1)[..., None]
    spectrum: Tensor = share * power / _norm(power) + (1 - share) * band / _norm(band)
    spectrum[:, 0, 0] = 0
    return spectrum


def _norm(values: Tensor) -> Tensor:
    return values.square().mean((1, 2), keepdim=True).sqrt().clamp_min(1e-9)


def _bent(field: Tensor, key: Tensor) -> Tensor:
    """Noise as it is, as ridges, as spots, or nearly in two values."""
    kind = choose(key, 7, 4)[:, None, None]
    soft = torch.sigmoid(1.6 * field)
    bent = torch.where(kind == 1, 1 - field.abs().clamp_max(2) / 2, soft)
    bent = torch.where(kind == 2, (0.5 * field).clamp(0, 1).square(), bent)
    return torch.where(kind == 3, torch.sigmoid(7 * field), bent)
