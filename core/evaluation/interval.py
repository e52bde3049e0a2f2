"""A number with its 95% interval, and intervals of proportions.

Wilson 1927 (https://doi.org/10.1080/01621459.1927.10502953) for single pictures. Pictures of one case or group are
not independent: for them Wilson's formula gets the effective number of pictures, n / design effect, with Student's t
(Korn & Graubard 1998, https://www150.statcan.gc.ca/n1/en/catalogue/12-001-X19980024356).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import overload

import numpy as np
import scipy
from numpy.typing import NDArray

from core.types import JsonValue

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and where it lies with 95% confidence: low <= value <= high."""

    value: float
    low: float
    high: float

    def through(self, function: Callable[[float], float]) -> "Interval":
        """The interval of a growing function of the value."""
        return Interval(function(self.value), function(self.low), function(self.high))


@overload
def triple(found: Interval) -> list[JsonValue]: ...
@overload
def triple(found: None) -> None: ...
def triple(found: Interval | None) -> list[JsonValue] | None:
    """[value, low, high] for JSON, or null."""
    return None if found is None else [found.value, found.low, found.high]


@dataclass(frozen=True, slots=True)
class Units:
    """What was drawn independently: for each of N pictures the position of its case, group or itself, 0..count-1."""

    codes: NDArray[np.int64]
    count: int

    @property
    def single(self) -> bool:
        """Whether every picture stands for itself."""
        return self.count == len(self.codes)

    def chosen(self, mask: NDArray[np.bool_]) -> "Units":
        """The units of some of the pictures."""
        return units_of(self.codes[mask])


def units_of(names: NDArray[np.int64] | list[str]) -> Units:
    """Units by name or code; pictures of an equal name belong together. An empty name is a unit of its own."""
    values = (
        np.asarray([name or f"\0{index}" for index, name in enumerate(names)]) if isinstance(names, list) else names
    )
    kinds, codes = np.unique(values, return_inverse=True)
    return Units(codes.astype(np.int64), len(kinds))


def wilson(hits: float, total: float) -> Interval | None:
    """Wilson's 95% interval of a proportion; None for no trials. `total` may be an effective number."""
    if total <= 0:
        return None
    share, square = hits / total, Z95**2
    centre = (share + square / (2 * total)) / (1 + square / total)
    reach = Z95 / (1 + square / total) * sqrt(max(share * (1 - share) / total + square / (4 * total**2), 0.0))
    return Interval(share, max(0.0, min(share, centre - reach)), min(1.0, max(share, centre + reach)))


def proportion(hits: NDArray[np.bool_], units: Units) -> Interval | None:
    """The share of hits (N,) among pictures that come in units; None for no picture."""
    total = len(hits)
    if total == 0:
        return None
    share = float(hits.mean())
    effective = effective_count(hits, units)
    return wilson(share * effective, effective)


def effective_count(hits: NDArray[np.bool_], units: Units) -> float:
    """How many independent pictures N > 0 hits that come in units are worth."""
    total, count, share = len(hits), units.count, float(hits.mean())
    if units.single:
        return float(total)
    if count == 1 or share in (0.0, 1.0):
        return float(count)  # nothing varies: each unit may count as one picture at least
    residuals = np.bincount(units.codes, hits - share, minlength=count)
    variance = count / (count - 1) * float((residuals**2).sum()) / total**2
    design = max(variance / (share * (1 - share) / total), 1.0)
    return float(total / design * (Z95 / scipy.stats.t.ppf(0.975, count - 1)) ** 2)
