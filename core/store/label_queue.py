"""What to label next, and how far labelling has come."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.store.images import classes_of
from core.store.tables import ClassRow, ImageClassRow, ImageRow
from core.types import ClassId, ImageId, ImageState, ProjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """An image to look at, with the label it has. `blob` begins the address under which it can be cached."""

    id: ImageId
    blob: str
    name: str
    state: ImageState
    classes: tuple[ClassId, ...]
    number: float | None
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of a project's images."""

    total: int
    by_state: dict[ImageState, int]
    by_class: dict[ClassId, int]


def list_queue(
    session: Session, project_id: ProjectId, *, states: Sequence[ImageState], after: ImageId, limit: int
) -> list[QueueItem]:
    """Images in these states with larger ids than `after`, oldest first."""
    rows = session.scalars(
        select(ImageRow)
        .where(
            ImageRow.project_id == project_id,
            ImageRow.deleted_at.is_(None),
            ImageRow.state.in_(states),
            ImageRow.id > after,
        )
        .order_by(ImageRow.id)
        .limit(limit)
    ).all()
    classes = classes_of(session, [row.id for row in rows])
    return [
        QueueItem(
            id=row.id,
            blob=row.blob,
            name=row.original_name,
            state=row.state,
            classes=tuple(classes[row.id]),
            number=row.number,
            flagged=row.flagged,
        )
        for row in rows
    ]


def read_progress(session: Session, project_id: ProjectId) -> Progress:
    """How many images are in each state and have each class; archived classes are left out."""
    # All are counted in indexes alone, then the few deleted ones, found by an index too, are taken off: at
    # 100,000 images this is several times faster than looking up for each one whether it is deleted.
    deleted = select(ImageRow.id).where(ImageRow.project_id == project_id, ImageRow.deleted_at.is_not(None))
    active = select(ClassRow.id).where(ClassRow.project_id == project_id, ClassRow.archived.is_(False))
    states = select(ImageRow.state, func.count()).group_by(ImageRow.state)
    by_state: Counter[ImageState] = Counter()
    by_class: Counter[ClassId] = Counter()
    for state, number in session.execute(states.where(ImageRow.project_id == project_id)):
        by_state[state] += number
    for state, number in session.execute(states.where(ImageRow.id.in_(deleted))):
        by_state[state] -= number
    classes = select(ImageClassRow.class_id, func.count()).group_by(ImageClassRow.class_id)
    for class_id, number in session.execute(classes.where(ImageClassRow.class_id.in_(active))):
        by_class[class_id] += number
    for class_id, number in session.execute(classes.where(ImageClassRow.image_id.in_(deleted))):
        by_class[class_id] -= number
    return Progress(
        total=sum(by_state.values()),
        by_state=dict.fromkeys(ImageState, 0) | dict(by_state),
        by_class=dict(+by_class),
    )
