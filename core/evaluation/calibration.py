"""Whether a model is as sure as it is right.

Reliability bins and expected calibration error (Guo et al. 2017, https://arxiv.org/abs/1706.04599) with ten equal
bins of the confidence, Brier's score (https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units, proportion
from core.evaluation.resampling import Resampler

BINS = 10
FEWEST = 30
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions of about the same confidence: how sure on average, and the share that was right."""

    low: float
    high: float
    count: int
    confidence: float
    right: Interval


def _positions(confidence: Values) -> NDArray[np.int64]:
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def reliability(confidence: Values, right: NDArray[np.bool_], units: Units) -> tuple[ReliabilityBin, ...]:
    """The bins that hold predictions, in order. `confidence` (N,) in [0, 1]; bin i is (i/10, (i+1)/10]."""
    where, found = _positions(confidence), []
    for index in range(BINS):
        mask = where == index
        share = proportion(right[mask], units.chosen(mask)) if mask.any() else None
        if share is not None:
            mean = float(confidence[mask].mean())
            found.append(ReliabilityBin(index / BINS, (index + 1) / BINS, int(mask.sum()), mean, share))
    return tuple(found)


def calibration_error(confidence: Values, right: NDArray[np.bool_], resampler: Resampler) -> Interval | None:
    """Expected calibration error; None with fewer than 30 units, where it would mostly be noise.

    Its error from chance only adds, in the resamples once more: hence the reflected ("basic") interval.
    """
    if resampler.units.count < FEWEST:
        return None
    where, gaps = _positions(confidence), confidence - right
    value = float(np.abs(np.bincount(where, gaps, minlength=BINS)).sum() / len(gaps))
    sums = resampler.sums([np.where(where == index, gaps, 0.0) for index in range(BINS)] + [np.ones(len(gaps))])
    low, high = np.quantile(np.abs(sums[:, :-1]).sum(1) / sums[:, -1], [0.025, 0.975])
    return Interval(value, max(0.0, min(value, 2 * value - float(high))), max(value, 2 * value - float(low)))
