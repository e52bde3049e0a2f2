"""How far people agree on the same pictures, beyond what chance would bring.

Krippendorff's alpha (Computing Krippendorff's Alpha-Reliability, 2011,
https://repository.upenn.edu/asc_papers/43) takes any number of people, pictures that not all of them labelled, and
classes, grades or numbers; 1 is perfect, 0 what chance brings. For two people Cohen's kappa (1960,
https://doi.org/10.1177/001316446002000104) is given beside it. Intervals resample the pictures (Bayesian bootstrap);
where nobody differed, which would leave nothing to resample, they reach down to what so many pictures leave open.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.interval import Interval, wilson
from core.evaluation.resampling import FEWEST, interval
from core.words import plain_number

GOOD, FAIR = 0.8, 0.67
"""Krippendorff asks for the first, and for the second at least."""
Level = Literal["nominal", "ordinal", "interval"]
Values = NDArray[np.float64]
"""(N, A): what each of A people said of each of N pictures, as a code or number; nan where one said nothing."""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two people, by position: pictures both labelled, the share on which they agree, and Cohen's kappa."""

    first: int
    second: int
    pictures: int
    same: float
    kappa: Interval | None


def alpha(values: Values, level: Level) -> Interval | None:
    """Krippendorff's alpha; None with fewer than 10 pictures that two people labelled, or where nothing varies."""
    said = values[(~np.isnan(values)).sum(1) >= 2]
    if len(said) < FEWEST:
        return None
    kinds, codes = np.unique(said[~np.isnan(said)], return_inverse=True)
    table = np.zeros((len(said), len(kinds)))  # how often each picture was called each kind
    np.add.at(table, (np.nonzero(~np.isnan(said))[0], codes), 1)
    value = _alpha(np.ones((1, len(said))), table, kinds, level)[0]
    if np.isnan(value):
        return None
    if (table > 0).sum(1).max() == 1:
        whole = table.sum()
        return _undisputed(len(said), 1 - float((table.sum(0) * (table.sum(0) - 1)).sum() / (whole * (whole - 1))))
    samples = _alpha(np.random.default_rng(0).standard_exponential((400, len(said))), table, kinds, level)
    return interval(float(value), samples[~np.isnan(samples)], units=len(said))


def _undisputed(count: int, by_chance: float) -> Interval:
    """The index of people who said the same of all of so many pictures, and by chance would differ on that share.

    They may differ on as many others as Wilson's interval of none leaves open, as far as they would by chance.
    """
    unseen = wilson(0, count)
    return Interval(1.0, 1 - (unseen.high if unseen else 1) / by_chance, 1.0)


def _alpha(weights: Values, table: Values, kinds: Values, level: Level) -> Values:
    """Alpha (B,) for pictures weighted (B, N)."""
    many = table.sum(1)
    own = weights / (many - 1)
    # Coincidences within pictures: n_c n_k, and n_c (n_c - 1) on the diagonal.
    together = np.einsum("bn,nc,nk->bck", own, table, table)
    index = np.arange(table.shape[1])
    together[:, index, index] -= own @ table
    totals = together.sum(2)
    whole = totals.sum(1, keepdims=True)
    expected = totals[:, :, None] * totals[:, None, :]
    expected[:, index, index] -= totals
    expected /= np.maximum(whole[..., None] - 1, 1e-9)
    apart = _distances(totals, kinds, level)
    seen, chance = (together * apart).sum((1, 2)), (expected * apart).sum((1, 2))
    return np.asarray(np.where(chance > 0, 1 - seen / np.where(chance > 0, chance, 1), np.nan))


def _distances(totals: Values, kinds: Values, level: Level) -> Values:
    """Squared distances (B, K, K) between kinds."""
    if level == "nominal":
        return np.broadcast_to(1 - np.eye(len(kinds)), (len(totals), len(kinds), len(kinds)))
    if level == "interval":
        return np.broadcast_to((kinds[:, None] - kinds[None]) ** 2, (len(totals), len(kinds), len(kinds)))
    middle = totals.cumsum(1) - totals / 2
    return np.asarray((middle[:, :, None] - middle[:, None, :]) ** 2)


def per_class(values: Values, kinds: Sequence[int]) -> dict[int, Interval | None]:
    """Alpha of each class against all others."""
    return {k: alpha(np.where(np.isnan(values), np.nan, values == k), "nominal") for k in kinds}


def pairs(values: Values, level: Level) -> list[PairAgreement]:
    """Every two people with pictures in common, those with the most pictures first."""
    found = []
    for first, second in itertools.combinations(range(values.shape[1]), 2):
        both = values[:, [first, second]]
        both = both[~np.isnan(both).any(1)]
        if len(both):
            same = float((both[:, 0] == both[:, 1]).mean())
            found.append(PairAgreement(first, second, len(both), same, kappa(both[:, 0], both[:, 1], level)))
    return sorted(found, key=lambda item: -item.pictures)


def kappa(first: Values, second: Values, level: Level) -> Interval | None:
    """Cohen's kappa of two people's words (N,), with squared weights for grades and numbers; None as for alpha."""
    count = len(first)
    if count < FEWEST:
        return None
    kinds, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    squares = (kinds[:, None] - kinds[None]) ** 2
    cost = (squares > 0).astype(np.float64) if level == "nominal" else squares
    one, other = codes[:count], codes[count:]
    seen = cost[one, other]

    def value(weights: Values) -> Values:  # (B, N) -> (B,)
        whole = weights.sum(1)
        rows = np.stack([weights[:, one == k].sum(1) for k in range(len(kinds))], 1) / whole[:, None]
        columns = np.stack([weights[:, other == k].sum(1) for k in range(len(kinds))], 1) / whole[:, None]
        chance = np.einsum("bi,ij,bj->b", rows, cost, columns)
        return np.asarray(np.where(chance > 0, 1 - (weights @ seen) / whole / np.where(chance > 0, chance, 1), np.nan))

    found = float(value(np.ones((1, count)))[0])
    if np.isnan(found):
        return None
    if not seen.any():
        shares = [np.bincount(codes, minlength=len(kinds)) / count for codes in (one, other)]
        return _undisputed(count, 1 - float(shares[0] @ shares[1]))
    samples = value(np.random.default_rng(0).standard_exponential((400, count)))
    return interval(found, samples[~np.isnan(samples)], units=count)


def verdict(value: Interval | None) -> str:
    """What alpha means, in one sentence or two."""
    if value is None:
        return "Too few to tell how far they agree: at least 10, of more than one class, are needed."
    words = (
        "They agree well"
        if value.low >= GOOD
        else "They agree well enough for careful use"
        if value.low >= FAIR
        else "How far they agree is not clear yet"
        if value.high >= GOOD
        else "They do not agree well, and no model can be better than the labels it is judged by. A guideline helps"
    )
    return f"{words} (alpha {plain_number(value.value, 2)}, {_ends(value)})."


def index_text(value: Interval | None) -> str:
    """An index of agreement with its interval."""
    return "too few" if value is None else f"{plain_number(value.value, 2)} ({_ends(value)})"


def _ends(value: Interval) -> str:
    return f"{plain_number(value.low, 2)} to {plain_number(value.high, 2)}"
