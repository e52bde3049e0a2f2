"""Whole batches turned, shifted, lit differently and partly erased, on the device, from one generator.

All geometry is one sampling of the picture (https://arxiv.org/abs/1506.02025), so that it is blurred only once. On a
processor OpenCV samples the bytes as they lie in the cache and a table lights them: a third of torch's time for it.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import pi

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from core.training.ahead import on_device


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
"""A recipe's `augmentation` -> how strong; "none" and the automatic ones are not here."""

AUTOMATIC = {"trivial": v2.TrivialAugmentWide, "rand": v2.RandAugment}
"""TrivialAugment (https://arxiv.org/abs/2103.10158) and RandAugment (https://arxiv.org/abs/1909.13719), of two changes
of magnitude 9 of 30 each, as the paper has them for small networks."""


def augment(pictures: Tensor, name: str, generator: torch.Generator, erase: float = 0.0) -> Tensor:
    """(N, 3, S, S) in [0, 255] -> the same as float, each picture changed in its own way, a share of them `erase`d.

    `generator` is the CPU's.
    """
    changed = _changed(pictures, name, generator)
    return _erased(changed, erase, generator) if erase else changed


def _changed(pictures: Tensor, name: str, generator: torch.Generator) -> Tensor:
    if name == "none":
        return pictures.float()
    if name in AUTOMATIC:
        return _automatic(pictures, name, generator)
    return vary(pictures, STRENGTHS[name], generator)


def vary(pictures: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """(N, 3, S, S) uint8 -> the same as float in [0, 255], each changed by at most so much."""
    placement = _placement(len(pictures), strength, generator)
    light = _light(len(pictures), strength, generator)
    # Both ways mean the same; they differ by the rounding of the sampled bytes, less than one level.
    return (_by_bytes if pictures.device.type == "cpu" else _by_planes)(pictures, placement, *light)


def _by_bytes(pictures: Tensor, placement: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
    squares = pictures.permute(0, 2, 3, 1).contiguous().numpy()  # no copy of what lies channels last already
    side = squares.shape[1]
    matrices = _pixel_placement(placement, side).numpy()
    levels = torch.arange(256).view(1, -1, 1)
    tables = (levels * factor.view(-1, 1, 3) + offset.view(-1, 1, 1)).clamp(0, 255).numpy()  # (N, 256, 3)
    found = np.empty(squares.shape, np.float32)

    def some(chosen: range) -> None:
        # OpenCV samples pixels of four bytes in half the time that it takes for those of three.
        padded, moved = (np.empty((side, side, 4), np.uint8) for _ in range(2))
        sampled = np.empty((side, side, 3), np.uint8)
        for index in chosen:
            cv2.cvtColor(squares[index], cv2.COLOR_RGB2RGBA, dst=padded)
            cv2.warpAffine(
                padded, matrices[index], (side, side), dst=moved,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT,
            )  # fmt: skip
            cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB, dst=sampled)
            cv2.LUT(sampled, tables[index : index + 1], dst=found[index])

    threads = torch.get_num_threads()
    list(_pool(threads).map(some, (range(first, len(squares), threads) for first in range(threads))))
    return torch.from_numpy(found).permute(0, 3, 1, 2)


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    cv2.setNumThreads(1)  # the pool's threads are enough
    return ThreadPoolExecutor(threads)


def _by_planes(pictures: Tensor, placement: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
    placement, factor, offset = (on_device(item, pictures.device) for item in (placement, factor, offset))
    moved = functional.grid_sample(
        pictures.float(), _grid(placement, pictures.shape[-1]), padding_mode="reflection", align_corners=False
    )
    # `moved` lies in planes. As networks want it only once: they would lay it out anew forwards and backwards.
    laid = torch.empty_like(moved, memory_format=torch.channels_last)
    return torch.addcmul(offset, moved, factor, out=laid).clamp_(0, 255)


def _grid(placement: Tensor, side: int) -> Tensor:
    """(N, 2, 3) -> (N, side, side, 2), as `functional.affine_grid`, whose product of thin matrices is slow on a GPU."""
    line = (torch.arange(side, device=placement.device) + 0.5) * (2 / side) - 1
    across, down = line, line[:, None]
    rows = [placement[:, row, :, None, None].unbind(1) for row in range(2)]
    return torch.stack([torch.addcmul(shift + a * across, b, down) for a, b, shift in rows], 3)


def _automatic(pictures: Tensor, name: str, generator: torch.Generator) -> Tensor:
    """Each picture by torchvision's policy of that name, which draws from torch's own generator."""
    change = AUTOMATIC[name](interpolation=v2.InterpolationMode.BILINEAR)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
        return torch.stack([change(picture) for picture in pictures]).float()


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


def _pixel_placement(placement: Tensor, side: int) -> Tensor:
    """The same (N, 2, 3) float64 for the numbers of rows and columns, from 0, instead of [-1, 1]."""
    linear, shift = placement[:, :, :2].double(), placement[:, :, 2:].double()
    middle = torch.full((2, 1), (side - 1) / 2, dtype=torch.float64)
    return torch.cat([linear, middle - linear @ middle + shift * side / 2], 2)


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
    top, left = (_uniform(count, 0, 1, generator) * (side - size) for _ in range(2))
    line = torch.arange(side).view(1, -1)
    inside = [(line >= start.view(-1, 1)) & (line < (start + size).view(-1, 1)) for start in (top, left)]
    hole = (inside[0][:, :, None] & inside[1][:, None, :] & chosen.view(-1, 1, 1)).unsqueeze(1)
    return pictures.masked_fill(on_device(hole, pictures.device), 127.5)


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
        mixed = share * pictures + (1 - share) * partners
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
