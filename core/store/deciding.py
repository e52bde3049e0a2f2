"""A decision about one class, where the model will be used."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.evaluation import triple
from core.evaluation.decision import (
    FEWEST,
    Benefit,
    Decided,
    Use,
    decide,
    decision_curve,
    enough,
    leaning,
    pays,
    threshold_of,
    with_gaps,
)
from core.store.sides import Side, Sides
from core.types import ImageId, JsonObject, JsonValue, Task

CHANCES = tuple(round(0.01 * step, 2) for step in range(1, 100, 2))
RARELY, OFTEN = 0.001, 0.999
"""How seldom and how often, at the ends, a class may be said to be there."""
CALM = re.compile(r"(?<![a-z])(healthy|normal|none|nothing|no|negative|control|background)(?![a-z])", re.IGNORECASE)
"""Names of classes that say that nothing is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What acting on a class comes to; `decided` is None while there are too few pictures: `problem` says how few.

    what   the class, or for grades "grade or more"
    usual  how common it is among the validation pictures, by which the model was calibrated
    found, missed, alarms  the test pictures behind
    """

    what: str
    use: Use
    usual: float
    decided: Decided | None
    curve: tuple[Benefit, ...]
    problem: str
    found: tuple[ImageId, ...] = ()
    missed: tuple[ImageId, ...] = ()
    alarms: tuple[ImageId, ...] = ()

    @property
    def useful(self) -> tuple[float, float] | None:
        """The chances between which acting by the model is better than acting on all, or on none, as far as seen."""
        better = [point.act_from for point in self.curve if pays(point.model.value, point.everyone)]
        return (better[0], better[-1]) if better else None

    @property
    def gaps(self) -> str:
        """What is to be added where it is not better at all chances between these."""
        return with_gaps([pays(point.model.value, point.everyone) for point in self.curve])


def choices(task: Task, classes: tuple[str, ...]) -> tuple[str, ...]:
    """What can be decided about: each class, or each grade but the lowest, "or more"."""
    if task is Task.ORDINAL:
        return tuple(f"{name} or more" for name in classes[1:])
    return () if task is Task.REGRESSION else classes


def first_choice(task: Task, names: Sequence[str], tested: Sequence[bool]) -> int:
    """Which of the `choices` a decision is about unless another one is asked.

    One that is `tested`, by pictures enough with and without it, if any is; and none that says that nothing is there.
    """
    calm = [task is not Task.ORDINAL and bool(CALM.search(name)) for name in names]
    return min(range(len(names)), key=lambda place: (not tested[place], calm[place], place))


def usual_choice(sides: Sides) -> int:
    """`first_choice` of a run, by its test pictures."""
    names = choices(sides.checked.task, tuple(sides.checked.version.class_names))
    there = [_against_the_rest(sides.checked, choice)[0] for choice in range(len(names))]
    return first_choice(sides.checked.task, names, [enough(found, sides.checked.units) for found in there])


def make_decision(sides: Sides, choice: int, use: Use, *, drawn: bool = True) -> Decision:
    """What acting on the choice (a position in `choices`) comes to, on the test pictures.

    The curve, which takes most of the time, only if it is `drawn`.
    """
    what = choices(sides.checked.task, tuple(sides.checked.version.class_names))[choice]
    there, shares = _against_the_rest(sides.checked, choice)
    known, known_shares = _against_the_rest(sides.fitted, choice)
    usual = float(known.mean()) if len(known) else 0.0
    decided: Decided | None = None
    curve: tuple[Benefit, ...] = ()
    if shares is not None and 0 < usual < 1:
        units = sides.checked.units
        lean = 0.0 if known_shares is None else leaning(known, known_shares)
        decided = decide(there, shares, units, use, threshold_of(use, usual, lean))
        if drawn:
            curve = decision_curve(there, shares, units, use.prevalence, usual, CHANCES, lean=lean)
    if decided is None or shares is None:
        problem = _problem(sides, there, shares, usual, what)
        return Decision(what=what, use=use, usual=usual, decided=None, curve=(), problem=problem)
    said = shares >= decided.threshold
    found, missed, alarms = (
        tuple(sides.checked.records[index].image_id or ImageId(0) for index in np.flatnonzero(mask).tolist())
        for mask in (there & said, there & ~said, ~there & said)
    )
    return Decision(
        what=what, use=use, usual=usual, decided=decided, curve=curve, problem="", found=found, missed=missed,
        alarms=alarms,
    )  # fmt: skip


def _against_the_rest(side: Side, choice: int) -> tuple[NDArray[np.bool_], NDArray[np.float64] | None]:
    shares = side.shares
    if side.task is Task.MULTI:
        return side.there[:, choice], None if shares is None else shares[:, choice]
    if side.task is Task.ORDINAL:
        return side.truth > choice, None if shares is None else shares[:, choice + 1 :].sum(1)
    return side.truth == choice, None if shares is None else shares[:, choice]


def _problem(
    sides: Sides, there: NDArray[np.bool_], shares: NDArray[np.float64] | None, usual: float, what: str
) -> str:
    if shares is None:
        return "This run kept no probabilities, so that nothing can be decided by them."
    if not 0 < usual < 1:
        return f"Not enough pictures: among the validation pictures there must be some with and without {what}."
    units = sides.checked.units
    kind = "pictures" if units.single else sides.checked.together
    of = "test pictures" if units.single else f"test pictures of {kind}"
    return (
        f"Not enough {of}: it takes {FEWEST} {kind} with and {FEWEST} without {what}. "
        f"Counted here: {units.chosen(there).count} with, {units.chosen(~there).count} without."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report or a script asks of decisions: about one of the `choices`, or about all alike.

    miss    how many false alarms are as bad as one miss
    common  how common the class asked about is where the model will be used; None: as among the labelled pictures

    Raises BadInput for what can be neither.
    """

    about: str = ""
    miss: float = 5.0
    common: float | None = None

    def __post_init__(self) -> None:
        if not 0.1 <= self.miss <= 1000:
            raise BadInput("A miss is as bad as 0.1 to 1,000 false alarms.", hint="Give a number between them.")
        if self.common is not None and not RARELY <= self.common <= OFTEN:
            raise BadInput("Of 1,000 pictures 1 to 999 can have a class.", hint="Give a number between them.")


def decision_json(sides: Sides, asked: Asked) -> JsonObject | None:
    """What acting on each class comes to, and the decision curve of the one asked about; None for numbers.

    Intervals are [value, low, high]. Raises BadInput for a class that there is not.
    """
    names = choices(sides.checked.task, tuple(sides.checked.version.class_names))
    if not names:
        return None
    if asked.about and asked.about not in names:
        raise BadInput(f"There is nothing to decide about {asked.about!r}.", hint=f"Choose of: {', '.join(names)}.")
    about = names.index(asked.about) if asked.about else usual_choice(sides)
    found = [_decided(sides, choice, asked, about=choice == about) for choice in range(len(names))]
    points: list[JsonValue] = [
        {"act_from": point.act_from, "model": triple(point.model), "everyone": point.everyone}
        for point in found[about].curve
    ]
    useful = found[about].useful
    return {
        "miss": asked.miss,
        "about": names[about],
        "asked": bool(asked.about),
        "act_from": found[about].use.act_from,
        "useful": None if useful is None else list(useful),
        "curve": points,
        "classes": [_line(item) for item in found],
    }


def _decided(sides: Sides, choice: int, asked: Asked, *, about: bool) -> Decision:
    there, _ = _against_the_rest(sides.fitted, choice)
    usual = float(there.mean()) if len(there) else 0.0
    common = asked.common if about and asked.common else min(max(usual, RARELY), OFTEN)
    return make_decision(sides, choice, Use(prevalence=common, miss=asked.miss), drawn=about)


def _line(item: Decision) -> JsonObject:
    made = item.decided
    names = ("sensitivity", "specificity", "ppv", "npv", "found", "missed", "false_alarms", "left_alone", "cost")
    return {
        "what": item.what,
        "usual": item.usual,
        "prevalence": item.use.prevalence,
        "problem": item.problem,
        "threshold": made.threshold if made else None,
        "support": made.support if made else None,
        "count": made.count if made else None,
        **{name: triple(getattr(made, name, None)) for name in names},
        "cost_of_all": item.use.cost_of_all,
        "cost_of_none": item.use.cost_of_none,
    }
