"""What the folds of a cross-validation say together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy


@dataclass(frozen=True, slots=True)
class FoldSummary:
    """Mean and spread (standard deviation) of the folds' scores; `low` and `high` enclose the mean with 95%.

    The ends are None for fewer than two scores, and where all are the same, which says nothing of how others would be.
    """

    mean: float
    spread: float
    low: float | None
    high: float | None


def summarise_folds(scores: Sequence[float], folds: int, lowest: float = -np.inf) -> FoldSummary:
    """The scores of one or more repeats of `folds` folds, none of which can be below `lowest` or above 1.

    The folds learn from overlapping pictures, so that their plain t interval is too narrow: the variance of the mean
    is (1 / n + 1 / (folds - 1)) times that of the scores, section 3 of Nadeau & Bengio 2003
    (https://doi.org/10.1023/A:1024068626366), for repeats as in Bouckaert & Frank 2004.
    """
    values = np.asarray(scores, dtype=float)
    mean = float(values.mean())
    if len(values) < 2:
        return FoldSummary(mean, 0.0, None, None)
    spread = float(values.std(ddof=1))
    if np.ptp(values) == 0:
        return FoldSummary(mean, 0.0, None, None)
    half = float(scipy.stats.t.ppf(0.975, len(values) - 1)) * spread * (1 / len(values) + 1 / (folds - 1)) ** 0.5
    return FoldSummary(mean, spread, max(lowest, mean - half), min(1.0, mean + half))
