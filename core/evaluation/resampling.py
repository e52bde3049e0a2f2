"""Intervals of any score by resampling cases, groups or pictures.

The Bayesian bootstrap (Rubin 1981, https://doi.org/10.1214/aos/1176345338): each unit gets an exponential weight
instead of a whole number of copies, so that no class ever vanishes. All samples are made in one sparse product.
"""

import copy
from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units

RESAMPLES = 1000
FEWEST = 10
"""Units below which resampling says nothing."""
FEWEST_TOGETHER = 5
"""Cases or groups below which means over classes are not told: what all classes of a group share is hardly seen.

By simulation, 30 classes in groups that differ: intervals of the balanced accuracy held the truth in 40, 80, 82 and 93
of 100 trials with one, two, three and five groups.
"""
Values = NDArray[np.float64]


class Resampler:
    """B seeded reweightings of the same units; two scores of one resampler are paired."""

    def __init__(self, units: Units, *, resamples: int = RESAMPLES, seed: int = 0) -> None:
        self.units, self.resamples = units, resamples
        self.random = np.random.default_rng(seed)
        self._weights = self.random.standard_exponential((units.count, resamples), dtype=np.float32)

    def over(self, units: Units) -> "Resampler":
        """The same weights for other things that the same units hold."""
        other = copy.copy(self)
        other.units = units
        return other

    @property
    def enough(self) -> bool:
        """Whether means over classes can be told: of single pictures always, of cases or groups if they are not few."""
        return self.units.single or self.units.count >= FEWEST_TOGETHER

    @property
    def unit_size(self) -> float:
        """Pictures per unit, on average."""
        return len(self.units.codes) / self.units.count

    def counts(self, columns: NDArray[np.int64], width: int) -> Values:
        """How often (weighted) each of 0..width-1 occurs in `columns` (N,), per sample: (B, width)."""
        ones = np.ones(len(columns), dtype=np.float32)
        table = scipy.sparse.csr_matrix((ones, (columns, self.units.codes)), shape=(width, self.units.count))
        return np.asarray((table @ self._weights).T, dtype=np.float64)

    def sums(self, values: Sequence[Values]) -> Values:
        """Weighted sums of S columns of values (N,) each, per sample: (B, S)."""
        table = np.stack([np.bincount(self.units.codes, item, minlength=self.units.count) for item in values])
        return np.asarray((table.astype(np.float32) @ self._weights).T, dtype=np.float64)

    def doubt(self, shape: tuple[int, ...]) -> Values:
        """Weights (B, *shape) of what was not seen but may be: together half a unit, Jeffreys' prior.

        Without it, a score of 1 would have the interval 1 to 1 from any number of pictures.
        """
        parts = int(np.prod(shape))
        return self.random.gamma(0.5 / parts, self.unit_size, (self.resamples, *shape))


def interval(value: float, samples: Values, *, units: int, parts: int = 1) -> Interval:
    """The middle 95% of samples (B,) of a score of `units` units, which is made of `parts` parts (classes) of them.

    Resampling m units makes too little spread, by sqrt((m + 1) / (m - 1)), and knows it too surely: the percentiles
    are moved outwards by that and by Student's t (Hesterberg 2015, https://doi.org/10.1080/00031305.2015.1089789).
    """
    each = max(units / parts, 2.0)
    spread = float(np.sqrt((each + 1) / (each - 1)) * scipy.stats.t.ppf(0.975, max(units - parts, 1)))
    tail = float(scipy.stats.norm.cdf(-spread))
    low, high = np.quantile(samples, [tail, 1 - tail])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def mean_of(values: Values, resampler: Resampler) -> Interval | None:
    """The mean of values (N,); None with fewer than 10 units."""
    return _mean(values, resampler)


def mean_share(shares: Values, resampler: Resampler) -> Interval | None:
    """The mean of shares (N,) in [0, 1], any of which may come where none was seen; None with fewer than 10 units.

    By simulation, of 12 pictures a model that errs in one of ten: the plain intervals of its Brier score held the truth
    in 72 of 100 trials, of one that errs in one of fifty in 23; these in 98 and more.
    """
    return _mean(shares, resampler, unseen=True)


def _mean(values: Values, resampler: Resampler, *, unseen: bool = False) -> Interval | None:
    """`unseen`: with doubt added for values of 1 and of 0 that were not seen."""
    if resampler.units.count < FEWEST:
        return None
    sums = resampler.sums([values, np.ones(len(values))])
    if unseen:
        doubt = resampler.doubt((2,))
        sums += np.stack([doubt[:, 0], doubt.sum(1)], 1)
    return interval(float(values.mean()), sums[:, 0] / sums[:, 1], units=resampler.units.count)
