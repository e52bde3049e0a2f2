"""Answers that hold as often as was promised: sets of labels, or ranges of numbers, by conformal prediction.

Split conformal prediction (Vovk, Gammerman & Shafer 2005, https://doi.org/10.1007/b106715) with the score 1 - p(truth)
of Sadinle, Lei & Wasserman 2019 (LAC, https://doi.org/10.1080/01621459.2017.1395341), which makes the smallest sets on
average; for a number its distance from the truth (Lei et al. 2018, https://doi.org/10.1080/01621459.2017.1307116).
A promise to each class or group is Mondrian: every one has a limit of its own. Pictures of one case or group are not
independent: each case weighs the same, and the promise is to a new case (hierarchical conformal prediction: Lee,
Barber & Willett 2023, https://arxiv.org/abs/2306.06342), which for single pictures is the plain method.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

import numpy as np
import scipy
from numpy.typing import NDArray

from core.evaluation.interval import Z95, Interval, Units, proportion

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]
_ROUNDING = 1e-9
ONCE_IN_FORTY = 0.025
LISTED = 5
"""Test pictures from which on a group is listed by itself: of fewer, no share tells anything."""


def least_units(coverage: float) -> int:
    """How many pictures (cases, groups) a promise of that coverage needs: 9 for 90%, 19 for 95%."""
    return ceil(coverage / (1 - coverage) - _ROUNDING)


def _worst(coverage: float) -> float:
    """The coverage below which a promise is of no use: the truth would be left out twice as often as promised."""
    return 2 * coverage - 1


def fewest_to_tell(coverage: float) -> int:
    """How many test pictures (cases, groups) must all be covered to call a promise kept: 16 for 90%, 35 for 95%."""
    # Of n covered all, the lower end of Wilson's interval is n / (n + z^2).
    worst = max(_worst(coverage), 0.0)
    return ceil(Z95**2 * worst / (1 - worst) - _ROUNDING)


def limit_of(scores: Values, units: Units, coverage: float) -> float:
    """The score that a new picture's true label stays below or at with probability `coverage`; infinite for too few.

    scores (N,), the larger the stranger. Each of K units weighs 1 / (K + 1), shared by its pictures; the new one,
    which could be anything, has the rest.
    """
    if not len(scores):
        return inf
    sizes = np.bincount(units.codes, minlength=units.count)
    weights = 1 / ((units.count + 1) * sizes[units.codes])
    order = np.argsort(scores, kind="stable")
    reached = np.flatnonzero(np.cumsum(weights[order]) >= coverage - _ROUNDING)
    return float(scores[order][reached[0]]) if len(reached) else inf


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSets:
    """A rule from probabilities to sets of labels: a label belongs in when 1 - its probability is within its limit.

    coverage  what is promised, in (0, 1)
    limits    (K,) by label: one and the same, or each its own; infinite where too few pictures spoke for it
    groups    limits of groups of pictures that have their own; all others use `limits`
    ordered   whether labels are grades: then a set has no holes
    """

    coverage: float
    limits: tuple[float, ...]
    groups: dict[str, float]
    ordered: bool = False

    def cautious(self) -> "LabelSets":
        """The same, but that a picture of no known group gets the widest limit of all: it may be of any of them."""
        widest = max(self.groups.values(), default=0.0)
        return replace(self, limits=tuple(max(limit, widest) for limit in self.limits))

    def sets(self, shares: Values, said: Positions, groups: Sequence[str] = ()) -> Flags:
        """Which labels (N, K) may be true, of probabilities (N, K). What was said (N,) always belongs in."""
        limits = np.tile(np.array(self.limits), (len(shares), 1))
        for row, name in enumerate(groups):
            if name in self.groups:
                limits[row] = self.groups[name]
        inside: Flags = 1 - shares <= limits + _ROUNDING
        inside[np.arange(len(said)), said] = True
        if self.ordered:
            inside = np.logical_or.accumulate(inside, 1) & np.logical_or.accumulate(inside[:, ::-1], 1)[:, ::-1]
        return inside


def fit_label_sets(
    truth: Positions,
    shares: Values,
    units: Units,
    coverage: float,
    *,
    by_class: bool = False,
    groups: Sequence[str] = (),
    ordered: bool = False,
) -> LabelSets:
    """The rule that keeps the promise, from validation pictures: their labels (N,) and probabilities (N, K).

    by_class  promise it to each class; one with too few pictures is then in every set
    groups    (N,) promise it to each of these groups as well that has pictures (cases) enough; "" is none
    """
    scores = 1 - shares[np.arange(len(truth)), truth]

    def limit(mask: Flags) -> float:
        return limit_of(scores[mask], units.chosen(mask), coverage) if mask.any() else inf

    everything = np.ones(len(truth), dtype=bool)
    if by_class:
        limits = [limit(truth == label) for label in range(shares.shape[1])]
    else:
        limits = [limit(everything)] * shares.shape[1]
    names = np.array(groups, dtype=object)
    own = {name: limit(names == name) for name in dict.fromkeys(groups) if name}
    return LabelSets(
        coverage=coverage,
        limits=tuple(limits),
        groups={name: value for name, value in own.items() if value < inf},
        ordered=ordered,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a promise on N pictures that had no part in it.

    covered  the share whose truth is in the set, or range
    size     the mean number of labels in a set, or the mean width of a range
    single   the share of sets with one label; None for ranges
    """

    count: int
    units: int
    covered: Interval
    size: float
    single: Interval | None

    def verdict(self, coverage: float, fitted: int) -> str:
        """ "kept"; "broken" where chance alone would cover so few once in forty times; "open" in between, where that
        could not even be told if none were covered, and where the truth may be left out twice as often as promised.

        The promise is about all that could have been drawn, the `fitted` units that it was made from too: the share
        covered of so many test units is then beta-binomial (Vovk 2012, https://doi.org/10.1007/s10994-013-5355-6).
        """
        rank = min(ceil((fitted + 1) * coverage - _ROUNDING), fitted)
        covered = round(self.covered.value * self.units)
        none, so_few = scipy.stats.betabinom.cdf([0, covered], self.units, rank, fitted + 1 - rank)
        if none >= ONCE_IN_FORTY:
            return "open"
        if self.covered.value >= coverage:
            return "kept" if self.covered.low >= _worst(coverage) else "open"
        return "broken" if so_few < ONCE_IN_FORTY else "open"


def check_sets(sets: Flags, truth: Positions, units: Units) -> Kept | None:
    """The promise of sets (N, K) held against the truth (N,); None for no picture."""
    inside = sets[np.arange(len(truth)), truth]
    covered = proportion(inside, units)
    if covered is None:
        return None
    sizes = sets.sum(1)
    return Kept(
        count=len(truth),
        units=units.count,
        covered=covered,
        size=float(sizes.mean()),
        single=proportion(sizes == 1, units),
    )


def check_ranges(off: Values, limit: float, units: Units) -> Kept | None:
    """The promise that numbers are at most `limit` off, held against how far off (N,) they are."""
    covered = proportion(off <= limit + _ROUNDING, units)
    if covered is None:
        return None
    return Kept(count=len(off), units=units.count, covered=covered, size=2 * limit, single=None)
