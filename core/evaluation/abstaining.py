"""When a model should rather not answer, and what that gains.

Not like the training pictures: `core.models.Likeness`, the distance to the k-th nearest of them (Sun et al. 2022,
https://arxiv.org/abs/2204.06507), against what is usual of validation pictures, by a conformal limit, so that of
ordinary pictures no more than that share is refused. Accuracy against the share answered: El-Yaniv & Wiener 2010
(https://jmlr.org/papers/v11/el-yaniv10a.html), Geifman & El-Yaniv 2017 (https://arxiv.org/abs/1705.08500).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from core.checks.quality import FEWEST, usual_limits
from core.evaluation.conformal import least_units, limit_of
from core.evaluation.interval import Interval, Units, proportion
from core.words import count

USUAL = 0.95
"""The share of ordinary pictures that must not be called strange."""
FEWEST_USUAL = least_units(USUAL)
STRANGE, BLURRED, DARK, BRIGHT = "strange", "blurred", "dark", "bright"
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Traits = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual of a model's pictures. A limit that too few pictures could tell shuts nothing out.

    far     the largest usual distance from the training pictures
    sharp   the smallest usual sharpness, per light
    dark, bright  the smallest usual mean grey level, and distance from white, of 255
    """

    far: float = inf
    sharp: float = -inf
    dark: float = -inf
    bright: float = -inf

    def refuses(self, traits: Traits) -> tuple[str, ...]:
        """Why a picture is not an ordinary one, by key."""
        found = [
            (BLURRED, traits.get("sharp", inf) < self.sharp),
            (DARK, traits.get("light", inf) < self.dark),
            (BRIGHT, 255 - traits.get("light", -inf) < self.bright),
            (STRANGE, traits.get("far", -inf) > self.far),
        ]
        return tuple(key for key, there in found if there)


def usual_of(traits: Sequence[Traits], units: Units) -> Usual:
    """What is usual of validation pictures: `far` of at least 19 (cases, groups), the others of at least 10."""
    far = np.array([item.get("far", np.nan) for item in traits], dtype=np.float64)
    known = ~np.isnan(far)
    limit = limit_of(far[known], units.chosen(known), USUAL) if known.any() else inf
    seen = [item for item in traits if "light" in item]
    if len(seen) < FEWEST:
        return Usual(far=limit)
    sharp, light = (np.array([item[name] for item in seen]) for name in ("sharp", "light"))
    blurred, dark, bright = usual_limits(sharp, light)
    return Usual(far=limit, sharp=blurred, dark=dark, bright=bright)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """How many pictures set the limits, and how many are judged by them.

    shared       of those judged, how many the model also learnt from, or was chosen or limited by
    out_of_fold  whether the first were judged by folds that had not learnt from them
    enough       whether they set any limit at all
    """

    limits: int
    judged: int
    shared: int
    out_of_fold: bool
    enough: bool = True

    @property
    def words(self) -> str:
        """What each set is used for, and what one must serve for besides, in plain words."""
        if self.limits == 0:
            return f"There are no validation pictures, so no limit is set. {self._judged}"
        kind = "out of fold" if self.out_of_fold else "for validation"
        if not self.enough:
            few = count(self.limits, f"picture {kind} is", f"pictures {kind} are")
            return f"{few} too few to set any limit. {self._judged}"
        setting = "pictures out of fold" if self.out_of_fold else "validation pictures"
        besides = (
            "These limits are of single folds, and the answers to test pictures are of all folds together"
            if self.out_of_fold
            else "The validation pictures also chose when to stop learning, so a limit can promise a little too much"
        )
        worth = "" if self.shared else ": the test pictures show what the limits are worth"
        return f"The limits come from {self.limits:,} {setting} only. {self._judged} {besides}{worth}."

    @property
    def new(self) -> str:
        """Whether the model is new to the pictures that are judged, as the end of a sentence about them."""
        if not self.shared:
            return "which it has never seen and was not chosen by"
        return f"{self.shared:,} of which it learnt from or was chosen by: for these the figures are too good"

    @property
    def _judged(self) -> str:
        told = f"Every share and score here is of {count(self.judged, 'test picture')}"
        if not self.shared:
            return f"{told}, which had no part in the limits."
        seen = count(self.shared, "of them was", "of them were")
        return f"{told}; {seen} also learnt from, or used to choose by: for these the figures are too good."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How often the most certain `share` of the pictures is right, and the certainty that the last of them has."""

    share: float
    count: int
    certainty: float
    right: Interval


def answered_curve(certainty: Values, right: Flags, units: Units, *, points: int = 60) -> tuple[Answered, ...]:
    """Accuracy against the share answered, from few to all; pictures of equal certainty are answered together."""
    if not len(certainty):
        return ()
    order = np.argsort(-certainty, kind="stable")
    ranked = certainty[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) + 1  # how many, up to the end of each tie
    if len(ends) > points:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, points).round().astype(int))]
    curve = []
    for end in ends.tolist():
        mask = np.zeros(len(right), dtype=bool)
        mask[order[:end]] = True
        share = proportion(right[mask], units.chosen(mask))
        assert share is not None
        curve.append(Answered(share=end / len(right), count=end, certainty=float(ranked[end - 1]), right=share))
    return tuple(curve)
