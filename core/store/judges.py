"""When a model should not answer, why, and what that gains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.checks.quality import FEWEST
from core.evaluation import Interval, proportion
from core.evaluation.abstaining import (
    BLURRED,
    BRIGHT,
    DARK,
    FEWEST_USUAL,
    STRANGE,
    Answered,
    Basis,
    Usual,
    answered_curve,
    usual_of,
)
from core.evaluation.resampling import Resampler, mean_of
from core.store.predictions import PredictionRecord
from core.store.promises import Promise, fit_promise
from core.store.sides import Side, Sides, traits_of
from core.types import ImageId, Task
from core.words import are, as_sure

UNSURE = "unsure"
REASONS = {
    UNSURE: "unsure between answers",
    STRANGE: "not like the training pictures",
    BLURRED: "too blurred",
    DARK: "too dark",
    BRIGHT: "too bright",
}
"""Why a model does not answer, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A prediction, judged.

    options   the answers that may be true, the likeliest first; of several classes those that may be there
    words     the same as people read it: "rust", "one of: rust, blight", "rust, perhaps miner", "10.2 to 14.1"
    reasons   why it should not be taken as an answer: keys of REASONS with words; empty if it should
    """

    options: tuple[str, ...]
    words: str
    reasons: tuple[tuple[str, str], ...]

    @property
    def answered(self) -> bool:
        """Whether it is an answer."""
        return not self.reasons

    @property
    def flawed(self) -> bool:
        """Whether the picture itself stands in the way of an answer."""
        return any(key != UNSURE for key, _ in self.reasons)

    @property
    def why(self) -> str:
        """The reasons in one line."""
        return "; ".join(words for _, words in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What is promised, and what is usual: both from a model's validation pictures."""

    promise: Promise
    usual: Usual

    def judge(self, records: Sequence[PredictionRecord], groups: Sequence[str] = ()) -> list[Judged]:
        """Each prediction (N,), judged; `groups` as in the promise."""
        if not records:
            return []
        found = self._answers(records, groups)
        return [
            Judged(options=options, words=words, reasons=(*self._flaws(record), *unsure))
            for record, (options, words, unsure) in zip(records, found, strict=True)
        ]

    def _flaws(self, record: PredictionRecord) -> list[tuple[str, str]]:
        return [(key, REASONS[key]) for key in self.usual.refuses(traits_of(record))]

    def _answers(
        self, records: Sequence[PredictionRecord], groups: Sequence[str]
    ) -> "list[tuple[tuple[str, ...], str, list[tuple[str, str]]]]":
        promise = self.promise
        if promise.task is Task.REGRESSION:
            return [((), _range(item.predicted_number or 0.0, promise), []) for item in records]
        if not promise.possible or not all(item.probabilities for item in records):
            return [((), "", []) for _ in records]
        if promise.task is Task.MULTI:
            states = np.stack(promise.states(records, groups), 1)  # (N, K, 2)
            return [self._several(row) for row in states]
        return [
            self._one(np.array(record.probabilities), row)
            for record, row in zip(records, promise.possible_classes(records, groups), strict=True)
        ]

    def _one(
        self, shares: NDArray[np.float64], inside: NDArray[np.bool_]
    ) -> tuple[tuple[str, ...], str, list[tuple[str, str]]]:
        names = self.promise.classes
        if self.promise.task is Task.ORDINAL:
            options = tuple(names[index] for index in np.flatnonzero(inside))
            words = options[0] if len(options) == 1 else f"{options[0]} to {options[-1]}"
        else:
            options = tuple(names[index] for index in np.argsort(-shares, kind="stable") if inside[index])
            words = options[0] if len(options) == 1 else f"one of: {', '.join(options)}"
        if len(options) == 1:
            return options, words, []
        if len(options) == len(names) > 2:
            return options, words, [(UNSURE, f"unsure: any of the {len(names)} classes is possible")]
        listed = f"{', '.join(options[:-1])} and {options[-1]}"
        return options, words, [(UNSURE, f"unsure between {listed}")]

    def _several(self, states: NDArray[np.bool_]) -> tuple[tuple[str, ...], str, list[tuple[str, str]]]:
        names = self.promise.classes
        sure = [names[index] for index in np.flatnonzero(states[:, 1] & ~states[:, 0])]
        perhaps = [names[index] for index in np.flatnonzero(states.all(1))]
        words = ", ".join(sure) or "none of them"
        if perhaps:
            words += f", perhaps {', '.join(perhaps)}"
        unsure = [(UNSURE, f"unsure whether there is {', '.join(perhaps)}")] if perhaps else []
        return (*sure, *perhaps), words, unsure


def _range(number: float, promise: Promise) -> str:
    if not promise.possible:
        return ""
    _, low, high = as_sure(number, number - promise.reach, number + promise.reach)
    return f"{low} to {high}"


def make_judge(fitted: Side, promise: Promise | None = None) -> Judge:
    """The judge that these validation pictures make."""
    return Judge(promise=promise or fit_promise(fitted), usual=usual_of(fitted.traits, fitted.units))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """Test pictures that a model does not answer for one reason: their share, and how often it would be right."""

    key: str
    words: str
    share: Interval
    right: Interval | None
    images: tuple[ImageId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstaining:
    """What not answering gains on the test pictures.

    answered    the share answered; `right` how often those are right, `all_right` how often all are; None for numbers
    error, all_error  the same for numbers: mean distance from the truth
    error_between, all_error_between  their intervals; None where there are too few pictures for one
    curve       accuracy against the share answered; empty for numbers
    basis       which pictures set the limits, and which are counted here
    notes       what could not be judged, and why
    """

    judge: Judge
    count: int
    answered: Interval
    right: Interval | None
    all_right: Interval | None
    error: float | None
    all_error: float | None
    error_between: Interval | None
    all_error_between: Interval | None
    reasons: tuple[ReasonLine, ...]
    curve: tuple[Answered, ...]
    basis: Basis
    notes: tuple[str, ...]


def abstaining(sides: Sides, promise: Promise) -> Abstaining:
    """The judge of the validation pictures, tried on the test pictures."""
    judge, side = make_judge(sides.fitted, promise), sides.checked
    judged = judge.judge(side.records, side.groups)
    answers = np.array([item.answered for item in judged], dtype=bool)
    share = proportion(answers, side.units)
    assert share is not None
    numbers = side.task is Task.REGRESSION
    return Abstaining(
        judge=judge,
        count=len(judged),
        answered=share,
        right=None if numbers else proportion(side.right[answers], side.units.chosen(answers)),
        all_right=None if numbers else proportion(side.right, side.units),
        error=float(side.off[answers].mean()) if numbers and answers.any() else None,
        all_error=float(side.off.mean()) if numbers else None,
        error_between=_error(side, answers) if numbers else None,
        all_error_between=_error(side, np.ones_like(answers)) if numbers else None,
        reasons=_reasons(side, judged),
        curve=() if numbers else _curve(side, judged),
        basis=replace(sides.basis, enough=judge.usual != Usual() or (judge.promise.possible and not numbers)),
        notes=_notes(sides, judge),
    )


def _error(side: Side, mask: NDArray[np.bool_]) -> Interval | None:
    return mean_of(side.off[mask], Resampler(side.units.chosen(mask))) if mask.any() else None


def _reasons(side: Side, judged: Sequence[Judged]) -> tuple[ReasonLine, ...]:
    lines = []
    for key, words in REASONS.items():
        mask = np.array([key in dict(item.reasons) for item in judged], dtype=bool)
        share = proportion(mask, side.units)
        if share is None or not mask.any():
            continue
        right = None if side.task is Task.REGRESSION else proportion(side.right[mask], side.units.chosen(mask))
        found = (side.records[index].image_id for index in np.flatnonzero(mask).tolist())
        images = tuple(image for image in found if image is not None)
        lines.append(ReasonLine(key=key, words=words, share=share, right=right, images=images))
    return tuple(lines)


def _curve(side: Side, judged: Sequence[Judged]) -> tuple[Answered, ...]:
    """By certainty; pictures that are bad or strange come last, however certain the model is of them."""
    flawed = np.array([item.flawed for item in judged], dtype=float)
    certainty = np.array([item.confidence or 0.0 for item in side.records]) - flawed
    return answered_curve(certainty, side.right, side.units)


def _notes(sides: Sides, judge: Judge) -> tuple[str, ...]:
    fitted, notes = sides.fitted, []
    kind = "out of fold" if sides.basis.out_of_fold else "for validation"
    known = [item for item in fitted.traits if item]
    if not known:
        notes.append("This training is from before Graft looked at how pictures were taken: train again to have it.")
    elif not any("far" in item for item in known):
        notes.append("This training does not tell yet which pictures are strange to it: train again to have it.")
    elif judge.usual.far == np.inf:
        notes.append(
            f"No picture is held back as not like the training pictures: that takes at least {FEWEST_USUAL} "
            f"{fitted.together} {kind}, and {are(fitted.units.count)}."
        )
    lit = sum("light" in item for item in known)
    if lit < FEWEST and known:
        notes.append(
            f"No picture is held back as too blurred, dark or bright: that takes at least {FEWEST} pictures {kind}, "
            f"and {are(lit)}."
        )
    promise = judge.promise
    if not promise.possible and fitted.task is not Task.REGRESSION:
        notes.append(
            f"No picture is held back because it is unsure: a promise of {promise.coverage:.0%} takes at least "
            f"{promise.needed} {promise.basis} {kind}, and {are(promise.count)}."
        )
    return tuple(notes)
