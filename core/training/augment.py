"""Whole batches turned, shifted, lit differently and partly erased, on the device, from one generator.

All geometry is one sampling of the picture (https://arxiv.org/abs/1506.02025), so that it is blurred only once. On a
processor OpenCV samples the bytes as they lie in the cache and a table lights them: a third of torch's time for it.
"""

from dataclasses import dataclass
from math import pi

import cv2
import numpy as np
import torch
from torch import Tensor

from core.training.ahead import on_device
from core.training.policies import POLICIES, by_policy
from core.training.sampling import Warp, in_shares, pixel_placement, sample_planes, squares_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How far each change may go. Shares are of the picture's side or of full brightness."""

    mirror: bool
    turn_degrees: float
    shift: float
    zoom: float
    light: float
    colour: float


STRENGTHS = {
    "light": Strength(mirror=False, turn_degrees=5, shift=0.04, zoom=0.08, light=0.1, colour=0.0),
    "standard": Strength(mirror=True, turn_degrees=15, shift=0.06, zoom=0.2, light=0.2, colour=0.1),
    "strong": Strength(mirror=True, turn_degrees=30, shift=0.1, zoom=0.4, light=0.35, colour=0.2),
}
"""A recipe's `augmentation` -> how strong; "none" and the policies are not here."""


def augment(pictures: Tensor, name: str, generator: torch.Generator, erase: float = 0.0) -> Tensor:
    """(N, 3, S, S) uint8 -> the same as float in [0, 255], each changed in its own way, a share of them `erase`d.

    `generator` is the CPU's.
    """
    changed = _changed(pictures, name, generator)
    return _erased(changed, erase, generator) if erase else changed


def _changed(pictures: Tensor, name: str, generator: torch.Generator) -> Tensor:
    if name == "none":
        return pictures.float()
    if name in POLICIES:
        return by_policy(pictures, name, generator).float()
    return vary(pictures, STRENGTHS[name], generator)


def vary(pictures: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """(N, 3, S, S) uint8 -> the same as float in [0, 255], each changed by at most so much."""
    placement = _placement(len(pictures), strength, generator)
    light = _light(len(pictures), strength, generator)
    # Both ways mean the same; they differ by the rounding of the sampled bytes, less than one level.
    return (_by_bytes if pictures.device.type == "cpu" else _by_planes)(pictures, placement, *light)


def _by_bytes(pictures: Tensor, placement: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
    squares = squares_of(pictures)
    side = squares.shape[1]
    matrices = pixel_placement(placement, side).numpy()
    levels = torch.arange(256).view(1, -1, 1)
    tables = (levels * factor.view(-1, 1, 3) + offset.view(-1, 1, 1)).clamp(0, 255).numpy()  # (N, 256, 3)
    found = np.empty(squares.shape, np.float32)

    def some(chosen: range) -> None:
        warp, sampled = Warp(side, "reflection"), np.empty((side, side, 3), np.uint8)
        for index in chosen:
            warp(squares[index], matrices[index], sampled)
            cv2.LUT(sampled, tables[index : index + 1], dst=found[index])

    in_shares(some, len(squares))
    return torch.from_numpy(found).permute(0, 3, 1, 2)


def _by_planes(pictures: Tensor, placement: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
    placement, factor, offset = (on_device(item, pictures.device) for item in (placement, factor, offset))
    moved = sample_planes(pictures, placement, "reflection")
    # `moved` lies in planes. As networks want it only once: they would lay it out anew forwards and backwards.
    laid = torch.empty_like(moved, memory_format=torch.channels_last)
    return torch.addcmul(offset, moved, factor, out=laid).clamp_(0, 255)


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def _placement(count: int, strength: Strength, generator: torch.Generator) -> Tensor:
    """(N, 2, 3): where each point of the new picture comes from, in [-1, 1]."""
    angle = _uniform(count, -strength.turn_degrees, strength.turn_degrees, generator) * pi / 180
    scale = torch.exp(_uniform(count, -strength.zoom, strength.zoom / 2, generator))  # rather closer than farther
    mirrored = torch.where(torch.rand(count, generator=generator) < (0.5 if strength.mirror else 0.0), -1.0, 1.0)
    shift = [2 * _uniform(count, -strength.shift, strength.shift, generator) for _ in range(2)]
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    rows = [mirrored * cosine, -sine, shift[0], mirrored * sine, cosine, shift[1]]
    return torch.stack(rows, 1).view(count, 2, 3)


def _light(count: int, strength: Strength, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """(N, 3, 1, 1) and (N, 1, 1, 1): what brightness is multiplied by, and what is added then."""
    contrast = 1 + _uniform(count, -strength.light, strength.light, generator).view(-1, 1, 1, 1)
    brightness = 255 * 0.5 * _uniform(count, -strength.light, strength.light, generator).view(-1, 1, 1, 1)
    gains = 1 + (torch.rand(count, 3, 1, 1, generator=generator) * 2 - 1) * strength.colour
    return contrast * gains, brightness + 127.5 * (1 - contrast)


def _erased(pictures: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Random erasing (https://arxiv.org/abs/1708.04896): one square of up to two fifths of the side becomes grey."""
    count, side = len(pictures), pictures.shape[-1]
    chosen = torch.rand(count, generator=generator) < share
    size = _uniform(count, 0.1, 0.4, generator) * side
    start = torch.stack([_uniform(count, 0, 1, generator) * (side - size) for _ in range(2)])
    first, end = start.ceil().int(), (start + size).ceil().int()
    for index in chosen.nonzero().flatten().tolist():
        (top, left), (bottom, right) = first[:, index].tolist(), end[:, index].tolist()
        pictures[index, :, top:bottom, left:right] = 127.5
    return pictures


def mix(
    pictures: Tensor, targets: Tensor, generator: torch.Generator, *, mixup: float = 0.0, cutmix: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Each picture (N, 3, S, S) and target (N, K) with another's share.

    Mixup (https://arxiv.org/abs/1710.09412) blends them, cutmix (https://arxiv.org/abs/1905.04899) puts a rectangle
    of one into the other; alpha 0 is off, with both a coin decides. One share is drawn for the batch.
    """
    if not mixup and not cutmix:
        return pictures, targets
    blend = bool(mixup) and (not cutmix or bool(torch.rand(1, generator=generator) < 0.5))
    share = _beta(mixup if blend else cutmix, generator)
    other = on_device(torch.randperm(len(pictures), generator=generator), pictures.device)
    partners = pictures[other]
    if blend:
        mixed = torch.lerp(partners, pictures, share, out=partners)
    else:
        mixed, share = _with_rectangle(pictures, partners, share, generator)
    return mixed, share * targets + (1 - share) * targets[other]


def _beta(alpha: float, generator: torch.Generator) -> float:
    """A draw from Beta(alpha, alpha), by the ratio of two Gamma variables."""
    gammas = torch._standard_gamma(torch.full((2,), alpha), generator=generator)
    return float(gammas[0] / gammas.sum())


def _with_rectangle(
    pictures: Tensor, partners: Tensor, share: float, generator: torch.Generator
) -> tuple[Tensor, float]:
    side = pictures.shape[-1]
    reach = round(side * (1 - share) ** 0.5 / 2)
    row, column = (int(value) for value in torch.randint(side, (2,), generator=generator))
    top, bottom = max(0, row - reach), min(side, row + reach)
    left, right = max(0, column - reach), min(side, column + reach)
    mixed = pictures.clone()
    mixed[:, :, top:bottom, left:right] = partners[:, :, top:bottom, left:right]
    return mixed, 1 - (bottom - top) * (right - left) / side**2
