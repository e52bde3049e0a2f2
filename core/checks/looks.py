"""What the checks look at in a picture: a small grey copy, its borders, and how well it was taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.checks.near import SIDE

SQUARE, RING = 64, 6
"""Borders are the outer RING of SQUARE pixels on each side: a tenth."""
BORDER_SHARE = RING / SQUARE
_TINY = 10


@dataclass(frozen=True, slots=True)
class Look:
    """One picture, seen.

    grey      (SIDE, SIDE) uint8
    borders   (B,) float32: colours of the outer ring, of its sides and corners, and a tiny picture of it
    sharpness how much neighbouring pixels differ beyond what shading explains; light 0..255; contrast 0..127
    """

    grey: NDArray[np.uint8]
    borders: NDArray[np.float32]
    sharpness: float
    light: float
    contrast: float


def look_at(image: Image.Image) -> Look:
    """See an RGB picture, best a thumbnail."""
    grey = image.convert("L")
    fine = np.asarray(grey, dtype=np.float32)
    return Look(
        grey=np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX)),
        borders=_borders(image),
        sharpness=sharpness(fine),
        light=float(fine.mean()),
        contrast=float(fine.std()),
    )


def sharpness(grey: NDArray[np.float32]) -> float:
    """The spread of the Laplacian (Pech-Pacheco et al. 2000, https://doi.org/10.1109/ICPR.2000.903548)."""
    if min(grey.shape) < 3:
        return 0.0
    middle = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * middle).std())


def colour_shares(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Pixels (P, 3) as square roots of the shares (64,) of four steps of red, green and blue."""
    bins = (pixels >> 6).astype(np.int64) @ np.array([16, 4, 1])
    shares: NDArray[np.float64] = np.sqrt(np.bincount(bins, minlength=64) / len(pixels))
    return shares


def _borders(image: Image.Image) -> NDArray[np.float32]:
    square = np.asarray(image.resize((SQUARE, SQUARE), Image.Resampling.BOX))
    inner = slice(RING, SQUARE - RING)
    outside = np.ones((SQUARE, SQUARE), bool)
    outside[inner, inner] = False
    ring = square[outside]  # (P, 3)
    shares = colour_shares(ring)
    ends, corner = (slice(None, RING), slice(-RING, None)), (slice(None, 2 * RING), slice(-2 * RING, None))
    parts = [square[end].reshape(-1, 3) for end in ends] + [square[:, end].reshape(-1, 3) for end in ends]
    parts += [square[rows, columns][outside[rows, columns]] for rows in corner for columns in corner]
    tiny = np.asarray(image.resize((_TINY, _TINY), Image.Resampling.BOX))
    frame = np.ones((_TINY, _TINY), bool)
    frame[1:-1, 1:-1] = False
    numbers = [shares, *(part.mean(0) for part in parts), *(part.std(0) for part in parts), tiny[frame].ravel()]
    return np.concatenate(numbers).astype(np.float32)
