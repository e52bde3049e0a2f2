"""Answers that hold as often as was promised: sets of classes, or ranges of numbers, fitted on validation pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation import Units, units_of
from core.evaluation.conformal import (
    Kept,
    LabelSets,
    check_ranges,
    check_sets,
    fewest_to_tell,
    fit_label_sets,
    least_units,
    limit_of,
)
from core.store.predictions import PredictionRecord
from core.store.sides import Side
from core.types import Task
from core.words import are

By = Literal["all", "class", "group"]
COVERAGE = 0.9
"""What is promised unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """How a model's answers are widened so that the truth is among them in the share `coverage` of new pictures.

    by      to whom: to "all" pictures together, to each "class", or to each "group" as well
    basis   what the promise is to new ones of: "pictures", "cases" or "groups"
    sought  what it would be to new ones of if there were enough: what counts as one among the validation pictures
    count   how many of them it rests on; `needed` how many it takes
    rules   one of all classes, or for several classes one for each, whose labels are 0 not there, 1 there
    reach   how far numbers may be off
    """

    task: Task
    classes: tuple[str, ...]
    coverage: float
    by: By
    basis: str
    sought: str
    count: int
    needed: int
    rules: tuple[LabelSets, ...] = ()
    reach: float = inf

    @property
    def possible(self) -> bool:
        """Whether enough pictures speak for it."""
        limits = [limit for rule in self.rules for limit in (*rule.limits, *rule.groups.values())]
        return min([*limits, self.reach]) < inf

    @property
    def caution(self) -> str:
        """What it falls short of: that nothing can be promised, or only to new pictures of what was there; or ""."""
        if not self.possible:
            return (
                f"Not enough pictures to promise {self.coverage:.0%}: it takes at least {self.needed} {self.basis} to "
                f"set limits by, and {are(self.count)}. A lower promise takes fewer."
            )
        if self.basis != self.sought:
            return (
                f"Too few {self.sought} for a promise to new ones: it is to new {self.basis} of those {self.sought} "
                "that were there."
            )
        return ""

    @property
    def fewest_to_tell(self) -> int:
        """How many test pictures (cases, groups) it takes at least to say that it was kept."""
        return fewest_to_tell(self.coverage)

    @property
    def own_groups(self) -> tuple[str, ...]:
        """Groups that have a limit of their own."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.groups))

    def for_new(self) -> "Promise":
        """The promise to new pictures: those of a group that it does not know get the most cautious limit."""
        return replace(self, rules=tuple(rule.cautious() for rule in self.rules))

    @property
    def untold(self) -> tuple[str, ...]:
        """Classes with too few pictures for a promise of their own: they are never ruled out."""
        if self.task is Task.MULTI:
            pairs = zip(self.classes, self.rules, strict=True)
            return tuple(name for name, rule in pairs if rule.limits[1] == inf)
        if not self.rules:
            return ()
        return tuple(name for name, limit in zip(self.classes, self.rules[0].limits, strict=True) if limit == inf)

    def possible_classes(self, records: Sequence[PredictionRecord], groups: Sequence[str] = ()) -> NDArray[np.bool_]:
        """Which classes may be true (N, K), of one class or grade for each picture."""
        shares = np.array([item.probabilities for item in records], dtype=np.float64)
        said = np.array([item.predicted_index for item in records], dtype=np.int64)
        return self.rules[0].sets(shares, said, groups)

    def states(self, records: Sequence[PredictionRecord], groups: Sequence[str] = ()) -> list[NDArray[np.bool_]]:
        """For each of several classes (N, 2): whether it may be missing, and whether it may be there."""
        found = []
        for index, rule in enumerate(self.rules):
            there = np.array([(item.probabilities or [])[index] for item in records], dtype=np.float64)
            said = np.array([index in (item.predicted_set or ()) for item in records], dtype=np.int64)
            found.append(rule.sets(np.stack([1 - there, there], 1), said, groups))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseLine:
    """A promise checked on some test pictures: all ("" and kind "all"), those of a class, or of a group.

    `together` is what counts as one there: "pictures", "cases" or "groups".
    """

    kind: By
    name: str
    kept: Kept
    together: str


def fit_promise(side: Side, coverage: float = COVERAGE, by: By = "all") -> Promise:
    """The promise that these validation pictures allow.

    Where there are too few groups for one to a new group, but cases or else pictures enough, the promise is only to
    new ones of these, of the same groups: `basis` says so. Of too few cases it is to new pictures of the same cases.
    """
    needed = least_units(coverage)
    sought = "pictures" if side.units.single else side.together
    known = {sought: side.units, side.version.together: side.cases, "pictures": units_of([""] * len(side.records))}
    basis = next((kind for kind, item in known.items() if item.count >= needed), sought)
    together = known[basis]
    rules: tuple[LabelSets, ...] = ()
    reach = inf
    if side.task is Task.REGRESSION:
        reach = limit_of(side.off, together, coverage)
    elif side.shares is not None:
        rules = _rules(side, side.shares, together, coverage, by)
    return Promise(
        task=side.task,
        classes=tuple(side.version.class_names),
        coverage=coverage,
        by=by,
        basis=basis,
        sought=sought,
        count=together.count,
        needed=needed,
        rules=rules,
        reach=reach,
    )


def _rules(side: Side, shares: NDArray[np.float64], together: Units, coverage: float, by: By) -> tuple[LabelSets, ...]:
    groups = side.groups if by == "group" else ()
    if side.task is not Task.MULTI:
        ordered = side.task is Task.ORDINAL
        return (fit_label_sets(side.truth, shares, together, coverage, by_class=by == "class", groups=groups,
                               ordered=ordered),)  # fmt: skip
    return tuple(
        fit_label_sets(
            side.there[:, index].astype(np.int64),
            np.stack([1 - shares[:, index], shares[:, index]], 1),
            together,
            coverage,
            by_class=by == "class",
            groups=groups,
        )
        for index in range(side.classes)
    )


def check_promise(promise: Promise, side: Side) -> tuple[PromiseLine, ...]:
    """The promise held against test pictures: all together, then each class, then each group. Empty if impossible."""
    if not promise.possible:
        return ()
    everyone = np.ones(len(side.records), dtype=bool)
    lines = [_line("all", "", promise, side, everyone)]
    if side.task in (Task.SINGLE, Task.ORDINAL):
        names = enumerate(side.version.class_names)
        lines += [_line("class", name, promise, side, side.truth == index) for index, name in names]
    elif side.task is Task.MULTI:
        states = promise.states(side.records, side.groups)
        for index, name in enumerate(side.version.class_names):
            kept = check_sets(states[index], side.there[:, index].astype(np.int64), side.units)
            lines.append(_told("class", name, kept, side))
    groups = np.array(side.groups, dtype=object)
    lines += [_line("group", name, promise, side, groups == name) for name in dict.fromkeys(side.groups) if name]
    return tuple(line for line in lines if line is not None)


def _line(kind: By, name: str, promise: Promise, side: Side, mask: NDArray[np.bool_]) -> PromiseLine | None:
    chosen = np.flatnonzero(mask).tolist()
    if not chosen:
        return None
    records, groups = [side.records[index] for index in chosen], [side.groups[index] for index in chosen]
    together = side.units.chosen(mask)
    if side.task is Task.REGRESSION:
        kept = check_ranges(side.off[mask], promise.reach, together)
    elif side.task is Task.MULTI:
        states = np.concatenate(promise.states(records, groups))  # class by class
        owners = Units(np.tile(together.codes, side.classes), together.count)
        kept = check_sets(states, side.there[mask].T.ravel().astype(np.int64), owners)
    else:
        kept = check_sets(promise.possible_classes(records, groups), side.truth[mask], together)
    return _told(kind, name, kept, side)


def _told(kind: By, name: str, kept: Kept | None, side: Side) -> PromiseLine | None:
    return None if kept is None else PromiseLine(kind=kind, name=name, kept=kept, together=side.together)
