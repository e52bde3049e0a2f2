"""How well probabilities rank the pictures of a class before the others: AUROC and average precision.

Both come with each picture's influence on the score, summed by unit into a standard error on the logit scale: for
AUROC that is DeLong's (https://doi.org/10.2307/2531595) for cases as Obuchowski extended it
(https://doi.org/10.2307/2533958), for average precision the infinitesimal jackknife, with the logit interval of
Boyd, Eng & Page (https://doi.org/10.1007/978-3-642-40994-3_29).
"""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units, wilson

FEWEST = 2
FEWEST_ALONE, FEWEST_IN_ALL = 5, 10
"""Units that it takes for the score of one class, on each side, and for the mean of several, added up over the rarer
sides: with fewer the interval goes from 0 to 1, whatever was seen."""
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A score in [0, 1], how much each of N pictures moves it, and how many units the rarer side has."""

    value: float
    influence: Values
    rarer: int


def auroc(there: NDArray[np.bool_], scores: Values, units: Units) -> Ranked | None:
    """Share of pairs (one with, one without) ranked rightly, ties half; None with fewer than 2 units on a side."""
    rarer = _rarer(there, units)
    if rarer < FEWEST:
        return None
    positives, negatives = int(there.sum()), int((~there).sum())
    overall, among_there, among_others = map(scipy.stats.rankdata, (scores, scores[there], scores[~there]))
    placement = np.empty(len(scores))
    placement[there] = (overall[there] - among_there) / negatives  # share of the others below
    placement[~there] = 1 - (overall[~there] - among_others) / positives  # share of the class above
    value = float(placement[there].mean())
    return Ranked(value, (placement - value) / np.where(there, positives, negatives), rarer)


def average_precision(there: NDArray[np.bool_], scores: Values, units: Units) -> Ranked | None:
    """Mean precision at the rank of each picture of the class; None with fewer than 2 units on a side."""
    rarer = _rarer(there, units)
    if rarer < FEWEST:
        return None
    order = np.argsort(-scores, kind="stable")
    hits, ranked = there[order].astype(np.float64), scores[order]
    last = np.searchsorted(-ranked, -ranked, side="right") - 1  # equal scores are one rank
    first = np.searchsorted(-ranked, -ranked, side="left")
    found, said = np.cumsum(hits)[last], last + 1.0
    precision, positives = found / said, float(hits.sum())
    value = float((precision * hits).sum() / positives)
    # Derivative by the weight of the picture at rank j, which counts at its own rank and at all later ones.
    reciprocal = np.cumsum((hits / said)[::-1])[::-1][first]
    crowded = np.cumsum((hits * found / said**2)[::-1])[::-1][first]
    influence = np.empty(len(scores))
    influence[order] = (hits * (precision - value) + hits * reciprocal - crowded) / positives
    return Ranked(value, influence, rarer)


def ranked_interval(ranked: Ranked | None, units: Units) -> Interval | None:
    """The 95% interval of one class's score; None with fewer than FEWEST_ALONE units on a side."""
    if ranked is None or ranked.rarer < FEWEST_ALONE:
        return None
    return _interval(ranked.value, ranked.influence, ranked.rarer, units)


def mean_interval(parts: list[Ranked], units: Units) -> Interval | None:
    """The interval of the classes' mean; what one picture does to several classes is counted together.

    None with fewer than FEWEST_IN_ALL units, also of those on the rarer sides of all classes.
    """
    if min(units.count, sum(part.rarer for part in parts)) < FEWEST_IN_ALL:
        return None
    influence = np.mean([part.influence for part in parts], axis=0)
    return _interval(
        float(np.mean([part.value for part in parts])), influence, min(part.rarer for part in parts), units
    )


def _rarer(there: NDArray[np.bool_], units: Units) -> int:
    return min(len(np.unique(units.codes[there])), len(np.unique(units.codes[~there])))


def _interval(value: float, influence: Values, rarer: int, units: Units) -> Interval:
    by_unit = np.bincount(units.codes, influence, minlength=units.count)
    error = sqrt(units.count / (units.count - 1) * float((by_unit**2).sum()))
    if (
        error < 1e-12 or not 1e-9 < value < 1 - 1e-9
    ):  # ranked without a fault: what a share of the rarer side could hide
        found = wilson(value * rarer, rarer)
        assert found is not None
        return found
    reach = float(scipy.stats.t.ppf(0.975, rarer - 1)) * error / (value * (1 - value))
    middle = log(value / (1 - value))
    return Interval(value, *(1 / (1 + exp(-min(max(middle + side * reach, -700), 700))) for side in (-1, 1)))
