"""Whether a way to explain passes its tests, and which way is the best that does.

A method fails when its maps say no more about the answer than chance maps do (deletion and insertion), when they hardly
change although the network's weights were drawn anew (Adebayo et al. 2018, https://arxiv.org/abs/1810.03292), or when
they point at what an expert circled more seldom than chance. The papers give no thresholds; these are Graft's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.interval import Interval, Units, wilson
from core.evaluation.resampling import Resampler, mean_of

PATIENCE_S = 1.0
"""What a click may cost: a slower method is not shown first, however good."""
MOST_ALIKE = 0.5
FEWEST_MARKED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A method's tests.

    `gain`       insertion less deletion, more than that of chance maps; None with fewer than 10 independent pictures
    `pointing`   share of circled pictures whose hottest place is inside; None with fewer than 5; `chance` of a hit
    `alike`      mean rank correlation with the maps of a network with random weights; None if it was not measured
    `reasons`    why it fails, in words; `passes` is None where too little was measured to say
    """

    deletion: float
    insertion: float
    gain: Interval | None
    pointing: Interval | None
    chance: float | None
    alike: float | None
    passes: bool | None
    reasons: tuple[str, ...]


def judge(
    *,
    deletion: NDArray[np.float64],
    insertion: NDArray[np.float64],
    chance_gain: NDArray[np.float64],
    units: Units,
    hits: NDArray[np.bool_],
    areas: NDArray[np.float64],
    alike: NDArray[np.float64],
) -> Grade:
    """Areas (N,) of N pictures in `units` and chance's insertion less deletion; hits and areas (M,); likeness (C,)."""
    gain = mean_of(insertion - deletion - chance_gain, Resampler(units))
    enough = len(hits) >= FEWEST_MARKED
    pointing = wilson(float(hits.sum()), float(len(hits))) if enough else None
    chance = float(areas.mean()) if enough else None
    mean_alike = float(alike.mean()) if len(alike) else None
    reasons = []
    if gain is not None and gain.low <= 0:
        reasons.append("it cannot be told that its hot places matter more to the answer than places chosen by chance")
    if gain is not None and mean_alike is not None and mean_alike > MOST_ALIKE:  # of few pictures, chance may do that
        reasons.append("its maps hardly change when the network forgets all it learnt")
    if pointing is not None and chance is not None and pointing.high < chance:
        reasons.append("it points at what you circled more seldom than chance")
    return Grade(
        deletion=float(deletion.mean()),
        insertion=float(insertion.mean()),
        gain=gain,
        pointing=pointing,
        chance=chance,
        alike=mean_alike,
        passes=False if reasons else None if gain is None or mean_alike is None else True,
        reasons=tuple(reasons),
    )


def in_order(grades: dict[str, Grade]) -> list[str]:
    """The methods, those that pass first, then those that cannot be told; each by what it gains over chance."""
    rank = {True: 0, None: 1, False: 2}
    return sorted(grades, key=lambda name: (rank[grades[name].passes], grades[name].deletion - grades[name].insertion))


def best(grades: dict[str, Grade], seconds: dict[str, float], patience_s: float = PATIENCE_S) -> str | None:
    """The best method that passes, of those that explain a picture in time; if none does, the best of the slow ones."""
    passing = [name for name in in_order(grades) if grades[name].passes]
    return next((name for name in passing if seconds[name] <= patience_s), next(iter(passing), None))
