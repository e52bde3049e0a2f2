"""Label events, each annotator's label, and the images' consensus that follows from them.

`label`, `image_class` and the image's state, number and flag are derived: `label_rebuild` makes them anew.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.labels import LabelValue
from core.store.projects import ProjectView
from core.store.tables import AnnotatorRow, ImageClassRow, ImageRow, LabelEventRow, LabelRow, VersionItemRow
from core.types import ClassId, ImageId, ImageState, JsonObject, LabelKind, LabelSource, VersionId

STATES = {
    LabelKind.SET: ImageState.LABELLED,
    LabelKind.CONFIRM: ImageState.LABELLED,
    LabelKind.SKIP: ImageState.SKIPPED,
    LabelKind.UNSURE: ImageState.UNSURE,
    LabelKind.CLEAR: ImageState.UNLABELLED,
}
"""What an event makes of an image; flags leave its state alone."""
TAKES_BACK = "takes_back"
"""Where the value of an undoing names the event that it takes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEvent:
    """What one person did to one image. `event_id` is made by the client, once per deed.

    One whose source is UNDO `takes_back` the event of that id, if the same person did it and it is there.
    """

    event_id: str
    image_id: ImageId
    kind: LabelKind
    value: LabelValue = field(default_factory=LabelValue)
    annotator: str = "expert"
    seconds: float | None = None
    source: LabelSource = LabelSource.HAND
    takes_back: str = ""


def annotator_id(session: Session, name: str) -> int:
    """The id of the annotator of that name, who is added if new."""
    found = session.scalar(select(AnnotatorRow.id).where(AnnotatorRow.name == name))
    if found is not None:
        return found
    row = AnnotatorRow(name=name)
    session.add(row)
    session.flush()
    return row.id


def annotator_names(session: Session) -> dict[int, str]:
    """Every annotator's name by id."""
    return {row.id: row.name for row in session.execute(select(AnnotatorRow.id, AnnotatorRow.name))}


def record_events(session: Session, project: ProjectView, events: Sequence[LabelEvent], *, now: datetime) -> None:
    """Append events in their order and bring labels and consensus up to date.

    An event id that is there already is passed over: a retry is not a second label. Raises BadInput for an image that
    is not the project's, a class that is not, or a value that does not fit the task; then none is kept.
    """
    if not events:
        return
    ids = [event.event_id for event in events]
    seen = set(session.scalars(select(LabelEventRow.event_id).where(LabelEventRow.event_id.in_(ids))))
    wanted = {event.image_id for event in events}
    images = {
        row.id: row
        for row in session.scalars(select(ImageRow).where(ImageRow.id.in_(wanted), ImageRow.project_id == project.id))
    }
    annotators = {name: annotator_id(session, name) for name in {event.annotator for event in events}}
    for event in events:
        if event.event_id in seen:
            continue
        seen.add(event.event_id)
        image = images.get(event.image_id)
        if image is None:
            raise BadInput(f"Image {event.image_id} is not in the project {project.name!r}.")
        person, left = annotators[event.annotator], list[Word]()
        if event.source is LabelSource.UNDO:
            left = _without(standing(list_words(session, LabelEventRow.image_id == image.id)), event.takes_back, person)
            event = _undoing(event, left)
        if event.kind in (LabelKind.SET, LabelKind.CONFIRM):
            event.value.check(project.task)
            unknown = [item for item in event.value.classes if item not in project.all_classes]
            if unknown:
                raise BadInput(f"The project {project.name!r} has no class with the id {unknown[0]}.")
        session.add(
            LabelEventRow(
                event_id=event.event_id,
                project_id=project.id,
                image_id=image.id,
                annotator_id=person,
                kind=event.kind,
                value=event.value.to_json() | ({TAKES_BACK: event.takes_back} if event.takes_back else {}),
                seconds=event.seconds,
                source=event.source,
                created_at=now,
            )
        )
        if event.kind in (LabelKind.FLAG, LabelKind.UNFLAG):
            image.flagged = event.kind is LabelKind.FLAG
            continue
        state, value = STATES[event.kind], merged_value(project.meant, event.value)
        if event.source is LabelSource.UNDO:
            own = [word for word in left if word.annotator_id == person]
            _restore_label(session, image, own, person, project.meant)
        else:
            _set_label(session, image, person, state, value, now)
        # Consensus: the newest word counts, whoever said it; an undoing holds what stands without what it takes back.
        _set_consensus(session, image, state, value)


class Word(NamedTuple):
    """What was said of an image's label: an event, without what this does not depend on."""

    image_id: ImageId
    event: int
    event_id: str
    annotator_id: int
    kind: LabelKind
    source: LabelSource
    value: JsonObject
    at: datetime


def list_words(session: Session, *which: ColumnElement[bool]) -> list[Word]:
    """What these events say of labels, in its order, one image after the other."""
    row = LabelEventRow
    told = (row.annotator_id, row.kind, row.source, row.value, row.created_at)
    query = select(row.image_id, row.id, row.event_id, *told)
    found = session.execute(query.where(row.kind.in_(list(STATES)), *which).order_by(row.image_id, row.id))
    return [Word(*item) for item in found]


def standing(words: Iterable[Word]) -> list[Word]:
    """What was said of one image, in its order, without what was taken back."""
    left: list[Word] = []
    for word in words:
        if word.source is LabelSource.UNDO:
            left = _without(left, str(word.value.get(TAKES_BACK)), word.annotator_id)
        else:
            left.append(word)
    return left


def _without(said: Iterable[Word], event_id: str, annotator: int) -> list[Word]:
    return [word for word in said if (word.event_id, word.annotator_id) != (event_id, annotator)]


def _undoing(undo: LabelEvent, left: Sequence[Word]) -> LabelEvent:
    """The undoing with what stands then: what others said meanwhile stays, and so does what they had said before."""
    if not left:
        return replace(undo, kind=LabelKind.CLEAR, value=LabelValue())
    return replace(undo, kind=left[-1].kind, value=LabelValue.from_json(left[-1].value))


def merged_value(meant: Callable[[ClassId], ClassId], value: LabelValue) -> LabelValue:
    """The value with what each class has become by merging."""
    return LabelValue(classes=tuple(dict.fromkeys(map(meant, value.classes))), number=value.number)


def _restore_label(
    session: Session, image: ImageRow, own: Sequence[Word], annotator: int, meant: Callable[[ClassId], ClassId]
) -> None:
    """Where a person stands once she has taken something back: at the last of her `own` words that are left."""
    if own:
        value = merged_value(meant, LabelValue.from_json(own[-1].value))
        _set_label(session, image, annotator, STATES[own[-1].kind], value, own[-1].at)
    elif label := session.get(LabelRow, (image.id, annotator)):
        session.delete(label)


def _set_label(
    session: Session, image: ImageRow, annotator: int, state: ImageState, value: LabelValue, at: datetime
) -> None:
    label = session.get(LabelRow, (image.id, annotator)) or LabelRow(image_id=image.id, annotator_id=annotator)
    label.state, label.value, label.updated_at = state, value.to_json(), at
    session.add(label)


def _set_consensus(session: Session, image: ImageRow, state: ImageState, value: LabelValue) -> None:
    """Write an image's consensus."""
    image.state = state
    image.number = value.number if state is ImageState.LABELLED else None
    session.execute(delete(ImageClassRow).where(ImageClassRow.image_id == image.id))
    if state is ImageState.LABELLED:
        session.add_all(ImageClassRow(image_id=image.id, class_id=item) for item in value.classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWord:
    """What was last said of an image's label, and who said it."""

    state: ImageState
    value: LabelValue
    annotator: str
    source: LabelSource


def last_words(session: Session, image_ids: Sequence[ImageId]) -> dict[ImageId, LastWord]:
    """The last word about each image's label, which is its consensus; none for images nobody labelled."""
    newest = (
        select(func.max(LabelEventRow.id))
        .where(LabelEventRow.image_id.in_(list(image_ids)), LabelEventRow.kind.in_(list(STATES)))
        .group_by(LabelEventRow.image_id)
    )
    query = (
        select(LabelEventRow, AnnotatorRow.name)
        .join(AnnotatorRow, AnnotatorRow.id == LabelEventRow.annotator_id)
        .where(LabelEventRow.id.in_(newest))
    )
    words = {
        event.image_id: LastWord(
            state=STATES[event.kind], value=LabelValue.from_json(event.value), annotator=name, source=event.source
        )
        for event, name in session.execute(query)
    }
    undone = [image_id for image_id, word in words.items() if word.source is LabelSource.UNDO]
    if not undone:
        return words
    names = annotator_names(session)
    for image_id, said in groupby(list_words(session, LabelEventRow.image_id.in_(undone)), lambda word: word.image_id):
        left = standing(said)
        if left:
            who = names[left[-1].annotator_id]
            words[image_id] = replace(words[image_id], annotator=who, source=left[-1].source)
        else:
            del words[image_id]
    return words


def count_by_annotator(session: Session, version_id: VersionId, *, until: int) -> list[tuple[str, str, int]]:
    """Who labelled images of a version, up to that event: name, source, number of images; the most first."""
    images = func.count(LabelEventRow.image_id.distinct())
    within = select(VersionItemRow.image_id).where(VersionItemRow.version_id == version_id)
    query = (
        select(AnnotatorRow.name, LabelEventRow.source, images)
        .join(AnnotatorRow, AnnotatorRow.id == LabelEventRow.annotator_id)
        .join(VersionItemRow, VersionItemRow.image_id == LabelEventRow.image_id)
        .where(
            VersionItemRow.version_id == version_id,
            LabelEventRow.kind == LabelKind.SET,
            LabelEventRow.id <= until,
            LabelEventRow.id.not_in(_taken_back(session, within, until)),
        )
        .group_by(AnnotatorRow.name, LabelEventRow.source)
        .order_by(images.desc(), AnnotatorRow.name)
    )
    return [(name, source.value, number) for name, source, number in session.execute(query)]


def _taken_back(session: Session, image_ids: Select[ImageId], until: int) -> list[int]:
    """The events on these images that were taken back up to that one, and those that did it."""
    undone = select(LabelEventRow.image_id).where(
        LabelEventRow.source == LabelSource.UNDO, LabelEventRow.image_id.in_(image_ids), LabelEventRow.id <= until
    )
    found = []
    words = list_words(session, LabelEventRow.image_id.in_(undone), LabelEventRow.id <= until)
    for _, said in groupby(words, key=lambda word: word.image_id):
        all_of_it = list(said)
        left = {word.event for word in standing(all_of_it)}
        found += [word.event for word in all_of_it if word.event not in left]
    return found
