"""Pictures that were taken badly, against what is usual in their own project.

X-rays are darker than leaves, and one project varies more than another: a picture must lie below a share of the median
and outside Tukey's fence (Exploratory Data Analysis, 1977). Judged on the thumbnail: only
a blur that shows there counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 10
"""Pictures below which nothing is usual yet."""
BLURRED, DARK, BRIGHT, FLAT, SMALL = 0.35, 0.4, 0.4, 0.4, 0.25
"""Largest share of the median sharpness (per light: a dark picture is not blurred), light, distance to white, contrast,
and shorter side."""
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
        # Light is at fault where it took contrast away: a leaf on a white table is bright, and all of it can be seen.
        pale = contrast <= np.median(contrast)
        checks += [
            ("blurred", _far_below(sharpness / np.maximum(light, 1), BLURRED)),
            ("dark", pale & _far_below(light, DARK)),
            ("very bright", pale & _far_below(255 - light, BRIGHT)),
            ("low contrast", _far_below(contrast, FLAT)),
            ("tiny", _far_below(side_px, SMALL)),
        ]
    found = []
    for index in np.flatnonzero(np.any([mask for _, mask in checks], axis=0)).tolist():
        reasons = [name for name, mask in checks if mask[index]]
        if reasons[0] == "shows nothing":  # the rest follows from it
            reasons = reasons[:1]
        found.append(Flaw(index=index, reasons=tuple(reasons)))
    return sorted(found, key=lambda item: -len(item.reasons))


def usual_limits(sharpness_per_light: NDArray[np.float64], light: NDArray[np.float64]) -> tuple[float, float, float]:
    """Below which a picture is blurred, below which light dark, and below which distance from white very bright."""
    return _limit(sharpness_per_light, BLURRED), _limit(light, DARK), _limit(255 - light, BRIGHT)


def _far_below(values: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    far: NDArray[np.bool_] = values < _limit(values, share)
    return far


def _limit(values: NDArray[np.float64], share: float) -> float:
    """That share of the median, or what the values' own spread explains, if lower: Tukey's fence, of logarithms."""
    logs = np.log(np.maximum(values, 1e-3))
    low, middle, high = np.quantile(logs, [0.25, 0.5, 0.75])
    return float(np.exp(min(middle + np.log(share), low - 1.5 * (high - low))))
