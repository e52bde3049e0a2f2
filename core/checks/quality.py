"""Pictures that were taken badly, against what is usual in their own project.

X-rays are darker than leaves, so thresholds are shares of the project's median. Outliers are judged on the thumbnail:
only a blur that shows at that size counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 10
"""Pictures below which nothing is usual yet."""
BLURRED, DARK, BRIGHT, FLAT, SMALL = 0.35, 0.4, 0.4, 0.4, 0.25
"""Largest share of the median sharpness, light, distance to white, contrast, and shorter side."""
BLANK = 4.0
"""Contrast, of 127, below which a picture shows nothing, whatever is usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong with one picture: its position and the reasons, as words."""

    index: int
    reasons: tuple[str, ...]


def flaws(
    sharpness: NDArray[np.float64],
    light: NDArray[np.float64],
    contrast: NDArray[np.float64],
    side_px: NDArray[np.float64],
) -> list[Flaw]:
    """Outliers among N pictures, worst number of reasons first. `light` is the mean grey level, 0 to 255."""
    checks = [("shows nothing", contrast < BLANK)]
    if len(light) >= FEWEST:
        checks += [
            ("blurred", _share(sharpness) < BLURRED),
            ("dark", _share(light) < DARK),
            ("overexposed", _share(255 - light) < BRIGHT),
            ("low contrast", _share(contrast) < FLAT),
            ("tiny", _share(side_px) < SMALL),
        ]
    found = []
    for index in np.flatnonzero(np.any([mask for _, mask in checks], axis=0)).tolist():
        reasons = [name for name, mask in checks if mask[index]]
        if reasons[0] == "shows nothing":  # the rest follows from it
            reasons = reasons[:1]
        found.append(Flaw(index=index, reasons=tuple(reasons)))
    return sorted(found, key=lambda item: -len(item.reasons))


def _share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values / max(float(np.median(values)), 1e-9)
