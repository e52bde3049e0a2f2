"""Pictures that several people labelled, each in her own words, and how far these agree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.evaluation import Interval
from core.evaluation.agreement import Level, Values, alpha, pairs, per_class
from core.labels import LabelValue
from core.store.labels import annotator_names, list_words, merged_value, standing
from core.store.tables import ImageRow, LabelEventRow, VersionItemRow
from core.types import ClassId, ImageId, LabelKind, LabelSource, ProjectId, Task, VersionId

LEVELS: dict[Task, Level] = {
    Task.SINGLE: "nominal", Task.MULTI: "nominal", Task.ORDINAL: "ordinal", Task.REGRESSION: "interval",
}  # fmt: skip
FOREIGN = (LabelSource.SUGGESTION, LabelSource.IMPORT, LabelSource.UNDO)
"""Where no word of one's own comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidTwice:
    """What each person said first of an image. `settled`: someone looked at it again after all had spoken."""

    image_id: ImageId
    words: dict[str, LabelValue]
    settled: bool

    @property
    def differ(self) -> bool:
        """Whether not all said the same."""
        return len({(tuple(sorted(value.classes)), value.number) for value in self.words.values()}) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Two people: the pictures both labelled, the share on which they agree, and Cohen's kappa if there are enough."""

    people: tuple[str, str]
    pictures: int
    same: float
    kappa: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How far people agree on `pictures` that two or more labelled; `settled` of the `differing` were looked at again.

    `alpha` is None with fewer than 10, or where nothing varies.
    """

    people: tuple[str, ...]
    pictures: int
    alpha: Interval | None
    classes: tuple[tuple[str, Interval | None], ...]
    pairs: tuple[PairView, ...]
    differing: int
    settled: int


def list_said_twice(
    session: Session,
    project_id: ProjectId,
    meant: Callable[[ClassId], ClassId],
    *,
    version: VersionId | None = None,
    until: int | None = None,
) -> list[SaidTwice]:
    """Images by id that two people or more labelled; `meant` is what a class became.

    Accepted suggestions are not counted, nor is what came with an import: whoever mends only what is wrong among it
    differs each time.

    The first word counts: a later one may follow from talking about it. What was taken back was not said. With a
    `version` only its images count, also those deleted since, else those that are there; with `until` only events up to
    that one.
    """
    own = [LabelEventRow.project_id == project_id]
    if until is not None:
        own.append(LabelEventRow.id <= until)
    if version is None:
        alive = select(ImageRow.id).where(ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None))
        own.append(LabelEventRow.image_id.in_(alive))
    else:
        members = select(VersionItemRow.image_id).where(VersionItemRow.version_id == version)
        own.append(LabelEventRow.image_id.in_(members))
    several = (
        select(LabelEventRow.image_id)
        .where(*own, LabelEventRow.kind == LabelKind.SET, LabelEventRow.source.not_in(FOREIGN))
        .group_by(LabelEventRow.image_id)
        .having(func.count(LabelEventRow.annotator_id.distinct()) > 1)
    )
    names = annotator_names(session)
    found = []
    heard = list_words(session, *own, LabelEventRow.image_id.in_(several))
    for image_id, all_of_it in groupby(heard, key=lambda word: word.image_id):
        words: dict[str, LabelValue] = {}
        settled = False
        for event in standing(all_of_it):
            if event.kind not in (LabelKind.SET, LabelKind.CONFIRM):
                continue
            name = names[event.annotator_id]
            first = event.kind is LabelKind.SET and event.source not in FOREIGN and name not in words
            if first:
                words[name] = merged_value(meant, LabelValue.from_json(event.value))
            settled = not first
        if len(words) > 1:
            found.append(SaidTwice(image_id=image_id, words=words, settled=settled))
    return found


def measure(
    task: Task,
    said: Sequence[SaidTwice],
    classes: Sequence[tuple[ClassId, str]],
    grades: Mapping[ClassId, int] | None = None,
) -> Measured:
    """How far they agree, also on each of the classes (id, name).

    A grade's place is that among the classes, or in `grades`, which may know more; one that has none says nothing.
    """
    people = tuple(sorted({name for item in said for name in item.words}))
    places = grades or {known: index for index, (known, _) in enumerate(classes)}
    values, level = _values(task, said, people, places), LEVELS[task]
    differing = [item for item in said if item.differ]
    return Measured(
        people=people,
        pictures=len(said),
        alpha=alpha(values, level),
        classes=() if task is Task.REGRESSION else _classes(said, people, classes),
        pairs=tuple(
            PairView(people=(people[item.first], people[item.second]), pictures=item.pictures, same=item.same,
                     kappa=item.kappa)
            for item in pairs(values, level)
        ),
        differing=len(differing),
        settled=sum(item.settled for item in differing),
    )  # fmt: skip


def _values(task: Task, said: Sequence[SaidTwice], people: Sequence[str], places: Mapping[ClassId, int]) -> Values:
    """(N, A) numbers, positions of grades in their order, or codes of classes and sets of them."""
    kinds: dict[tuple[int, ...], int] = {}
    found = np.full((len(said), len(people)), np.nan)
    for row, item in enumerate(said):
        for column, name in enumerate(people):
            value = item.words.get(name)
            if value is None:
                continue
            if value.number is not None:
                found[row, column] = value.number
            elif task is Task.ORDINAL:
                found[row, column] = places.get(value.classes[0], np.nan)
            else:
                found[row, column] = kinds.setdefault(tuple(sorted(value.classes)), len(kinds))
    return found


def _classes(
    said: Sequence[SaidTwice], people: Sequence[str], classes: Sequence[tuple[ClassId, str]]
) -> tuple[tuple[str, Interval | None], ...]:
    found = []
    for known, name in classes:
        there = np.array(
            [[float(known in item.words[who].classes) if who in item.words else np.nan for who in people]
             for item in said]
        )  # fmt: skip
        if np.nansum(there):
            found.append((name, per_class(there, [1])[1]))
    return tuple(found)
