"""Two models on the same pictures.

Resampling is paired: both models are scored on the same reweighted units, so what is easy or hard for both cancels.
For accuracy McNemar's exact test (1947, https://doi.org/10.1007/BF02295996) goes with it while every picture stands
for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

import numpy as np
import scipy
from numpy.typing import NDArray

from core.evaluation import confusion
from core.evaluation.classification import count_confusion, sample_confusion
from core.evaluation.figures import FIGURES
from core.evaluation.interval import Interval, Units
from core.evaluation.multilabel import f1_figures, sample_f1
from core.evaluation.resampling import FEWEST, Resampler, Values, interval
from core.words import count, plain_number

Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]
FEWEST_APART = 6
"""Of fewer that differ none can tell at 5%: were it by chance which of the two said what, all of five would go the
same way once in 16 times. Resampling, which knows only these few, would call even a single one a difference."""
CONFUSION_SCORES = {
    "balanced_accuracy": confusion.balanced_accuracy,
    "macro_f1": confusion.macro_f1,
    "quadratic_kappa": confusion.quadratic_kappa,
    "grades_off": confusion.grades_off,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Second minus first in one figure.

    p_value  of McNemar's test where it was made
    apart    in how many pictures (cases, groups) the two differ, where that can be too few to tell anything
    """

    figure: str
    difference: Interval
    p_value: float | None = None
    apart: int | None = None

    @property
    def better(self) -> int:
        """1 if the second is better, -1 if the first is, 0 if no difference can be told."""
        low, high = self.difference.low, self.difference.high
        if self._too_seldom or low <= 0 <= high or (self.p_value is not None and self.p_value >= 0.05):
            return 0
        return 1 if (low > 0) == FIGURES[self.figure].higher else -1

    def words(self, first: str, second: str) -> str:
        """The verdict in plain words: "B is better by 2.1 points (0.4 to 3.9)."."""
        if self._too_seldom:
            seldom = count(self.apart or 0, "time")
            return f"No difference can be told: the two differ too seldom ({seldom}, and it takes {FEWEST_APART})."
        share = FIGURES[self.figure].kind == "share"
        value, low, high = (item * (100 if share else 1) for item in self._ends)
        # As many digits as the interval warrants, and enough to see on which side of 0 its nearer end lies.
        finest = min(max(high - low, 1e-6) / 10, max(abs(low), 1e-4), max(abs(high), 1e-4))
        places = 1 if share else max(ceil(-log10(finest)), 0)
        ends = f"{plain_number(low, places)} to {plain_number(high, places)}"
        points = " points" if share else ""
        if self.better == 0:
            return f"No difference can be told ({ends}{points})."
        return f"{second if self.better > 0 else first} is better by {value:.{places}f}{points} ({ends})."

    @property
    def _too_seldom(self) -> bool:
        return self.apart is not None and self.apart < FEWEST_APART

    @property
    def _ends(self) -> tuple[float, float, float]:
        found = self.difference
        if self.better == 0 or found.value > 0:
            return found.value, found.low, found.high
        return -found.value, -found.high, -found.low


def mcnemar(first_right: Flags, second_right: Flags) -> float:
    """The two-sided exact p-value that both models (N,) are right equally often."""
    lost, won = int((first_right & ~second_right).sum()), int((second_right & ~first_right).sum())
    return 1.0 if lost + won == 0 else float(scipy.stats.binomtest(won, lost + won).pvalue)


def _apart(differ: Flags, units: Units) -> int:
    """In how many units the two (N,) differ."""
    return len(np.unique(units.codes[differ]))


def compare_right(figure: str, first: Flags, second: Flags, units: Units) -> Difference:
    """The difference of two shares of pictures that are right (N,)."""
    resampler = Resampler(units)
    gain = second.astype(np.float64) - first
    sums = resampler.sums([gain, np.ones(len(gain))])
    doubt = resampler.doubt((2,))
    samples = (sums[:, 0] + doubt[:, 0] - doubt[:, 1]) / (sums[:, 1] + doubt.sum(1))
    p_value = mcnemar(first, second) if units.single else None
    return Difference(
        figure=figure,
        difference=interval(float(gain.mean()), samples, units=units.count),
        p_value=p_value,
        apart=None if units.single else _apart(first != second, units),
    )


def compare_classes(
    truth: Positions, first: Positions, second: Positions, classes: int, units: Units, figures: Sequence[str]
) -> list[Difference]:
    """Differences in figures of the confusion matrix; none while fewer than two classes have pictures."""
    if len(np.unique(truth)) < 2:
        return []
    whole = [count_confusion(truth, said, classes) for said in (first, second)]
    # Equal seeds: both are given the same weights and the same doubt.
    samples = [sample_confusion(truth, said, classes, Resampler(units)) for said in (first, second)]
    parts = len(np.unique(truth))
    found = []
    for name in figures:
        score = CONFUSION_SCORES[name]
        value, drawn = float(score(whole[1]) - score(whole[0])), score(samples[1]) - score(samples[0])
        difference = interval(value, drawn, units=units.count, parts=parts)
        found.append(Difference(figure=name, difference=difference, apart=_apart(first != second, units)))
    return found


def compare_sets(there: Flags, first: Flags, second: Flags, units: Units) -> list[Difference]:
    """Differences in macro and micro F1 of sets (N, K)."""
    found = []
    values = [f1_figures(there, said, Resampler(units)) for said in (first, second)]
    samples = [sample_f1(there, said, Resampler(units)) for said in (first, second)]
    parts = {"macro_f1": max(int(there.any(0).sum()), 1), "micro_f1": 1}
    for index, name in enumerate(("macro_f1", "micro_f1")):
        before, after = values[0][name], values[1][name]
        if before is not None and after is not None:
            drawn = samples[1][index] - samples[0][index]
            found.append(
                Difference(
                    figure=name,
                    difference=interval(after.value - before.value, drawn, units=units.count, parts=parts[name]),
                    apart=_apart((first != second).any(1), units),
                )
            )
    return found


def compare_numbers(truth: Values, first: Values, second: Values, units: Units) -> list[Difference]:
    """The difference in typical error; none with fewer than 10 units."""
    if units.count < FEWEST:
        return []
    gain = np.abs(second - truth) - np.abs(first - truth)
    sums = Resampler(units).sums([gain, np.ones(len(gain))])
    return [
        Difference(figure="mae", difference=interval(float(gain.mean()), sums[:, 0] / sums[:, 1], units=units.count))
    ]
