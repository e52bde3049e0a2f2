"""Ways in which a picture of the same thing can differ, at five strengths each.

Shifts after Azulay & Weiss 2019, Why do deep convolutional networks generalize so poorly to small image
transformations? (https://arxiv.org/abs/1805.12177); the others after Hendrycks & Dietterich 2019, Benchmarking Neural
Network Robustness to Common Corruptions and Perturbations (https://arxiv.org/abs/1903.12261), whose strengths for
224 pixels are scaled with the picture. Differs from them in that the corruptions apply to the network's own square.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Picture = NDArray[np.uint8]  # (S, S, 3)
STRENGTHS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way to spoil: its title, the five strengths in words, and what to do with a picture at strength 1..5."""

    title: str
    steps: tuple[str, ...]
    apply: Callable[[Picture, int, np.random.Generator], Picture]


def _shift(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    """Moved by as many pixels in one of four directions; the edge is repeated."""
    axis, step = int(random.integers(2)), int(strength * random.choice([-1, 1]))
    width = [(0, 0)] * 3
    width[axis] = (max(step, 0), max(-step, 0))
    start = max(-step, 0)
    window = [slice(None)] * 3
    window[axis] = slice(start, start + picture.shape[axis])
    return np.pad(picture, width, mode="edge")[tuple(window)]


KEPT = (0.97, 0.94, 0.9, 0.85, 0.8)
"""Shares of a side that small crops leave."""


def _crop(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    """Cut to a square somewhere inside, and brought back to its size."""
    side = picture.shape[0]
    kept = max(1, round(side * KEPT[strength - 1]))
    top, left = (int(place) for place in random.integers(0, side - kept + 1, 2))
    part = Image.fromarray(picture[top : top + kept, left : left + kept])
    return np.asarray(part.resize((side, side), Image.Resampling.BILINEAR))


ANGLES = (5, 10, 15, 20, 30)
SIGMAS = (0.5, 1.0, 2.0, 3.0, 4.0)
NOISES = (0.04, 0.08, 0.12, 0.18, 0.26)
QUALITIES = (50, 30, 20, 12, 7)
LIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5)
SIZES = (0.75, 0.5, 0.35, 0.25, 0.15)


def _rotate(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    angle = ANGLES[strength - 1] * int(random.choice([-1, 1]))
    side = picture.shape[0]
    padded = Image.fromarray(np.pad(picture, ((side // 2,) * 2, (side // 2,) * 2, (0, 0)), mode="edge"))
    turned = padded.rotate(angle, Image.Resampling.BILINEAR)
    return np.asarray(turned)[side // 2 : side // 2 + side, side // 2 : side // 2 + side]


def _blur(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    sigma = SIGMAS[strength - 1] * picture.shape[0] / 224
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(sigma)))


def _noise(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    spoilt = picture + random.normal(0, 255 * NOISES[strength - 1], picture.shape)
    return np.clip(spoilt + 0.5, 0, 255).astype(np.uint8)


def _jpeg(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=QUALITIES[strength - 1])
    return np.asarray(Image.open(file).convert("RGB"))


def _brighter(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    lighter: Picture = np.clip(picture + 255 * LIGHTS[strength - 1], 0, 255).astype(np.uint8)
    return lighter


def _darker(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    deeper: Picture = np.clip(picture - 255 * LIGHTS[strength - 1], 0, 255).astype(np.uint8)
    return deeper


def _coarse(picture: Picture, strength: int, random: np.random.Generator) -> Picture:
    side = picture.shape[0]
    small = Image.fromarray(picture).resize((max(1, round(side * SIZES[strength - 1])),) * 2, Image.Resampling.BOX)
    return np.asarray(small.resize((side, side), Image.Resampling.BILINEAR))


KINDS: dict[str, Kind] = {
    "shift": Kind(title="Shifted by pixels", steps=tuple(f"{n} px" for n in range(1, 6)), apply=_shift),
    "crop": Kind(title="Cut a little", steps=tuple(f"{n:.0%} of the side" for n in KEPT), apply=_crop),
    "rotation": Kind(title="Turned", steps=tuple(f"{n}°" for n in ANGLES), apply=_rotate),
    "blur": Kind(title="Out of focus", steps=tuple(f"{n:g} of 224 px" for n in SIGMAS), apply=_blur),
    "noise": Kind(title="Noisy", steps=tuple(f"{n:.0%} noise" for n in NOISES), apply=_noise),
    "jpeg": Kind(title="Compressed", steps=tuple(f"JPEG {n}" for n in QUALITIES), apply=_jpeg),
    "brighter": Kind(title="Brighter", steps=tuple(f"+{n:.0%}" for n in LIGHTS), apply=_brighter),
    "darker": Kind(title="Darker", steps=tuple(f"\N{MINUS SIGN}{n:.0%}" for n in LIGHTS), apply=_darker),
    "resolution": Kind(title="Coarser", steps=tuple(f"{n:.0%} of the side" for n in SIZES), apply=_coarse),
}
"""Every way, in the order in which it is shown."""


def spoilt(kind: str, picture: Picture, strength: int, seed: int) -> Picture:
    """The picture (S, S, 3) at strength 1..5; the same seed gives the same."""
    return KINDS[kind].apply(picture, strength, np.random.default_rng([seed, strength]))
