"""Where a model is weaker: pictures grouped by whatever is known of them, each group against the rest.

Looking at many groups finds weak ones by chance alone. Therefore a group needs a least size, its difference has an
interval (Newcombe 1998, method 10, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I),
and only those count as clearly worse that stand after correction for the number looked at (Benjamini & Hochberg 1995,
https://doi.org/10.1111/j.2517-6161.1995.tb02031.x) of Fisher's exact test. Cases or groups of pictures count with
their effective number. Numbers are compared by Welch's test over the units' mean errors.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units, effective_count, wilson

FEWEST = 10
"""Pictures, and units, that a group and the rest must have."""
LEVEL = 0.05
MOST_VALUES = 30
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A group of pictures against the rest.

    inside, outside  the share right, or the mean error, in the group and in the rest
    worse      how much worse it is there: a positive number is bad
    p_value    that there is no difference; q_value the same, corrected for how many groups were looked at
    positions  which of the pictures
    """

    attribute: str
    value: str
    inside: Interval
    outside: Interval
    worse: Interval
    p_value: float
    q_value: float
    positions: tuple[int, ...]

    @property
    def clear(self) -> bool:
        """Whether it is clearly worse there, also after looking at so many groups."""
        return self.worse.value > 0 and self.q_value <= LEVEL


def find_slices(
    right: Flags | Values, attributes: Mapping[str, Sequence[str | None]], units: Units
) -> tuple[Slice, ...]:
    """Every group of enough pictures, the clearly worse ones first, then by how much worse it is there.

    right       (N,) whether each picture was answered rightly, or its error as a number
    attributes  name -> (N,) values; None is unknown, and in no group
    """
    found: list[tuple[str, str, Flags, tuple[Interval, Interval, Interval, float]]] = []
    seen: set[bytes] = set()
    for name, values in attributes.items():
        column = np.array(values, dtype=object)
        common = Counter(value for value in values if value is not None).most_common(MOST_VALUES)
        for value, _ in common:
            inside = np.array(column == value, dtype=bool)
            # Of two groups one is the other's rest, and columns may repeat each other: looked at once.
            if not _enough(inside, units) or inside.tobytes() in seen:
                continue
            seen.add(inside.tobytes())
            found.append((name, value, inside, _compare(right, inside, units)))
    if not found:
        return ()
    corrected = scipy.stats.false_discovery_control([parts[3] for *_, parts in found])
    slices = [
        Slice(
            attribute=name, value=value, inside=parts[0], outside=parts[1], worse=parts[2], p_value=parts[3],
            q_value=float(q_value), positions=tuple(np.flatnonzero(mask).tolist()),
        )
        for (name, value, mask, parts), q_value in zip(found, corrected, strict=True)
    ]  # fmt: skip
    return tuple(sorted(slices, key=lambda item: (not item.clear, -item.worse.value)))


def thirds(values: Sequence[float | None], words: tuple[str, str, str]) -> list[str | None]:
    """Numbers as lowest, middle and highest third, by these words; equal numbers stay together. None stays None."""
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if len(np.unique(known)) < 3:
        return [None if value is None else f"{value:g}" for value in values]
    low, high = np.quantile(known, [1 / 3, 2 / 3])
    return [None if value is None else words[int(value > low) + int(value > high)] for value in values]


def _enough(inside: Flags, units: Units) -> bool:
    sizes = (min(int(mask.sum()), len(np.unique(units.codes[mask]))) for mask in (inside, ~inside))
    return min(sizes) >= FEWEST


def _compare(right: Flags | Values, inside: Flags, units: Units) -> tuple[Interval, Interval, Interval, float]:
    if right.dtype == np.bool_:
        return _shares(right.astype(np.bool_), inside, units)
    return _means(right.astype(np.float64), inside, units)


def _shares(right: Flags, inside: Flags, units: Units) -> tuple[Interval, Interval, Interval, float]:
    sides = []
    for mask in (inside, ~inside):
        total = effective_count(right[mask], units.chosen(mask))
        share = float(right[mask].mean())
        found = wilson(share * total, total)
        assert found is not None
        sides.append((found, round(share * total), round(total)))
    (here, hits, total), (rest, others, rests) = sides
    gap = rest.value - here.value
    worse = Interval(
        gap,
        gap - sqrt((rest.value - rest.low) ** 2 + (here.high - here.value) ** 2),
        gap + sqrt((rest.high - rest.value) ** 2 + (here.value - here.low) ** 2),
    )
    return here, rest, worse, float(scipy.stats.fisher_exact([[hits, total - hits], [others, rests - others]]).pvalue)


def _means(error: Values, inside: Flags, units: Units) -> tuple[Interval, Interval, Interval, float]:
    means = []
    for mask in (inside, ~inside):
        codes = units.chosen(mask)
        means.append(np.bincount(codes.codes, error[mask]) / np.bincount(codes.codes))
    test = scipy.stats.ttest_ind(means[0], means[1], equal_var=False)
    reach = test.confidence_interval(0.95)
    gap = float(means[0].mean() - means[1].mean())
    p_value = float(test.pvalue)
    return (
        _mean(means[0]),
        _mean(means[1]),
        Interval(gap, min(gap, float(reach.low)), max(gap, float(reach.high))),
        1.0 if np.isnan(p_value) else p_value,
    )


def _mean(values: Values) -> Interval:
    reach = float(scipy.stats.t.ppf(0.975, len(values) - 1)) * float(values.std(ddof=1)) / sqrt(len(values))
    return Interval(float(values.mean()), float(values.mean()) - reach, float(values.mean()) + reach)
