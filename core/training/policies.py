"""TrivialAugment and RandAugment on whole batches: each picture its own random change, all of one kind at once.

The changes and their ranges are torchvision's, which goes picture by picture. What changes each level of a picture by
itself is a table. On a processor OpenCV works on the bytes, in threads, on a GPU torch on all pictures of a kind.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.v2 import functional as v2

from core.training.ahead import on_device
from core.training.sampling import Bytes, Warp, in_shares, pixel_placement, sample_planes, squares_of

BINS = 31
GREY = (0.2989, 0.587, 0.114)
SOFT = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
"""What sharpness takes a picture away from, as Pillow has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How many changes one after the other, and how far each may go.

    bin       which of BINS strengths is taken; None: each as often
    shear     pixels per row; `shift` pixels, of a side in pixels; `turn` in degrees
    tone      of brightness, colour, contrast and sharpness: so much more or less; `bits` that are lost at most
    """

    rounds: int
    bin: int | None
    shear: float
    shift: Callable[[int], float]
    turn: float
    tone: float
    bits: int


POLICIES = {
    "trivial": Policy(rounds=1, bin=None, shear=0.99, shift=lambda side: 32, turn=135, tone=0.99, bits=6),
    "rand": Policy(rounds=2, bin=9, shear=0.3, shift=lambda side: 150 / 331 * side, turn=30, tone=0.9, bits=4),
}
"""TrivialAugment (https://arxiv.org/abs/2103.10158) and RandAugment (https://arxiv.org/abs/1909.13719), of two changes
of magnitude 9 of 30 each, as the paper has them for small networks."""


MOVES: Mapping[str, Callable[[Tensor, Tensor, Tensor], list[Tensor]]] = {
    "shear_x": lambda much, one, none: [one, much, much, none, one, none],
    "shear_y": lambda much, one, none: [one, none, none, much, one, much],
    "shift_x": lambda much, one, none: [one, none, -much, none, one, none],
    "shift_y": lambda much, one, none: [one, none, none, none, one, -much],
    "turn": lambda much, one, none: [much.cos(), -much.sin(), none, much.sin(), much.cos(), none],
}
"""Changes of places: of how much (n,), ones and zeros the rows of a placement, as in `core.training.sampling`."""


def _from_mean_grey(levels: Tensor, counts: Tensor, much: Tensor) -> Tensor:
    red, green, blue = ((counts * levels).sum(2) / counts.sum(2)).unbind(1)
    # Numbers, for a GPU would be waited for to take a tensor of them; torchvision rounds grey down.
    grey = (red * GREY[0] + green * GREY[1] + blue * GREY[2])[:, None, None] - 0.5
    return grey + (levels - grey) * (1 + much)


def _stretched(levels: Tensor, counts: Tensor, much: Tensor) -> Tensor:
    there = counts > 0
    low, high = (item.to(torch.uint8).argmax(2, keepdim=True) for item in (there, there.flip(2)))
    high = 255 - high
    return torch.where(high > low, (levels - low) * 255 / (high - low).clamp_min(1), levels)


def _equalised(levels: Tensor, counts: Tensor, much: Tensor) -> Tensor:
    last = counts.gather(2, 255 - (counts > 0).flip(2).to(torch.uint8).argmax(2, keepdim=True))
    step = ((counts.sum(2, keepdim=True) - last) / 255).floor()
    below = counts.cumsum(2) - counts
    return torch.where(step > 0, ((below + (step / 2).floor()) / step.clamp_min(1)).floor(), levels)


TABLES: Mapping[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "brightness": lambda levels, counts, much: levels * (1 + much),
    "contrast": _from_mean_grey,
    "posterize": lambda levels, counts, bits: levels - levels % 2 ** bits.round(),
    "solarize": lambda levels, counts, much: torch.where(levels >= 255 - much, 255 - levels, levels),
    "autocontrast": _stretched,
    "equalize": _equalised,
}
"""Changes of levels: of all levels (256,), of how many points have each (n, 3, 256), for those of COUNTED alone, and of
how much (n, 1, 1) the new ones (n, 3, 256), or (n, 1, 256) for all colours alike."""
COUNTED = ("contrast", "autocontrast", "equalize")
CHANGES = ("identity", *MOVES, *TABLES, "colour", "sharpness")
SIGNED = {*MOVES, "brightness", "colour", "contrast", "sharpness"}


def by_policy(pictures: Tensor, name: str, generator: torch.Generator) -> Tensor:
    """(N, 3, S, S) uint8 -> the same, changed by the policy of that name. `generator` is the CPU's."""
    policy, count = POLICIES[name], len(pictures)
    farthest, signed = furthest(policy, pictures.shape[-1]), torch.tensor([name in SIGNED for name in CHANGES])
    for _ in range(policy.rounds):
        kinds = torch.randint(len(CHANGES), (count,), generator=generator)
        bins = torch.randint(BINS, (count,), generator=generator) if policy.bin is None else torch.tensor(policy.bin)
        sign = torch.where(torch.rand(count, generator=generator) < 0.5, -1, 1)
        much = farthest[kinds] * bins / (BINS - 1)
        pictures = change(pictures, kinds, torch.where(signed[kinds], sign * much, much))
    return pictures


def furthest(policy: Policy, side: int) -> Tensor:
    """How far each of CHANGES may go: rows per column, shares of the picture's two, radians, shares, bits, levels."""
    far = {
        **dict.fromkeys(("shear_x", "shear_y"), policy.shear),
        **dict.fromkeys(("shift_x", "shift_y"), policy.shift(side) * 2 / side),
        "turn": math.radians(policy.turn),
        **dict.fromkeys(("brightness", "colour", "contrast", "sharpness"), policy.tone),
        "posterize": policy.bits,
        "solarize": 255,
    }
    return torch.tensor([float(far.get(name, 0)) for name in CHANGES])


def change(pictures: Tensor, kinds: Tensor, much: Tensor) -> Tensor:
    """(N, 3, S, S) uint8 -> the same, each changed by the one of CHANGES that `kinds` (N,) names, so `much` (N,)."""
    names = [CHANGES[number] for number in kinds.tolist()]
    placement, tables = torch.eye(2, 3).repeat(len(names), 1, 1), pictures.new_empty(len(names), 3, 256)
    for name in set(names):
        chosen = torch.tensor([number for number, other in enumerate(names) if other == name])
        if name in MOVES:
            rows = MOVES[name](much[chosen], torch.ones(len(chosen)), torch.zeros(len(chosen)))
            placement[chosen] = torch.stack(rows, 1).view(-1, 2, 3)
        if name in TABLES:
            where, strength = (on_device(item, pictures.device) for item in (chosen, much[chosen].view(-1, 1, 1)))
            counts = _counts(pictures[where]) if name in COUNTED else pictures.new_empty(0)
            levels = torch.arange(256.0, device=pictures.device)
            tables[where] = TABLES[name](levels, counts, strength).clamp(0, 255).to(torch.uint8)
    return (_by_bytes if pictures.device.type == "cpu" else _by_planes)(pictures, names, much, placement, tables)


def _counts(pictures: Tensor) -> Tensor:
    """(n, 3, S, S) uint8 -> how many points have each level (n, 3, 256)."""
    if pictures.device.type == "cpu":
        squares = squares_of(pictures)
        counts = [[cv2.calcHist([square], [c], None, [256], [0, 256]).ravel() for c in range(3)] for square in squares]
        return torch.from_numpy(np.array(counts))
    levels = pictures.flatten(2).long()
    return torch.zeros(*levels.shape[:2], 256, device=levels.device).scatter_add_(
        2, levels, levels.new_ones(1).float().expand_as(levels)
    )


def _by_bytes(pictures: Tensor, names: list[str], much: Tensor, placement: Tensor, tables: Tensor) -> Tensor:
    squares, side = squares_of(pictures), pictures.shape[-1]
    matrices, levels = pixel_placement(placement, side).numpy(), tables.permute(0, 2, 1).contiguous().numpy()
    found = squares.copy()

    def away(number: int, other: Bytes) -> None:
        share = float(much[number])
        cv2.addWeighted(squares[number], 1 + share, other, -share, 0, dst=found[number])

    def some(chosen: range) -> None:
        warp = Warp(side, "zeros")
        for number in chosen:
            square = squares[number]
            match names[number]:
                case "identity":
                    pass
                case "colour":
                    away(number, cv2.cvtColor(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))
                case "sharpness":
                    soft = square.copy()
                    soft[1:-1, 1:-1] = cv2.filter2D(square, -1, SOFT)[1:-1, 1:-1]
                    away(number, soft)
                case name if name in MOVES:
                    warp(square, matrices[number], found[number])
                case _:
                    cv2.LUT(square, levels[number : number + 1], dst=found[number])

    in_shares(some, len(names))
    return torch.from_numpy(found).permute(0, 3, 1, 2)


def _by_planes(pictures: Tensor, names: list[str], much: Tensor, placement: Tensor, tables: Tensor) -> Tensor:
    """By torch, whatever the device."""
    found = pictures.clone()

    def at(kinds: Collection[str]) -> tuple[Tensor, Tensor]:
        chosen = torch.tensor([number for number, name in enumerate(names) if name in kinds], dtype=torch.int64)
        return chosen, on_device(chosen, pictures.device)

    chosen, where = at(MOVES)
    if len(chosen):
        moved = sample_planes(pictures[where], on_device(placement[chosen], pictures.device), "zeros")
        found[where] = moved.round_().to(torch.uint8)
    chosen, where = at(TABLES)
    if len(chosen):
        some = pictures[where]
        found[where] = tables[where].gather(2, some.flatten(2).long()).view(some.shape)
    for name, other in (("colour", v2.rgb_to_grayscale), ("sharpness", _soft)):
        chosen, where = at((name,))
        if len(chosen):
            some, share = pictures[where].float(), on_device(much[chosen].view(-1, 1, 1, 1), pictures.device)
            found[where] = torch.lerp(other(pictures[where]).float(), some, share + 1).clamp_(0, 255).to(torch.uint8)
    return found


def _soft(pictures: Tensor) -> Tensor:
    """As torchvision makes sharpness 0, which makes a GPU wait for its kernel."""
    soft = pictures.float()
    kernel = on_device(torch.from_numpy(SOFT), pictures.device).expand(3, 1, 3, 3)
    soft[..., 1:-1, 1:-1] = functional.conv2d(soft, kernel, groups=3).round_()
    return soft
