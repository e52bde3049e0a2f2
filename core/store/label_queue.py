"""What to label next, and how far labelling has come."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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
    classes: dict[ImageId, list[ClassId]] = {row.id: [] for row in rows}
    pairs = select(ImageClassRow.image_id, ImageClassRow.class_id).where(ImageClassRow.image_id.in_(list(classes)))
    for image_id, class_id in session.execute(pairs):
        classes[image_id].append(class_id)
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
    alive = (ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None))
    states = session.execute(select(ImageRow.state, func.count()).where(*alive).group_by(ImageRow.state))
    by_state = dict.fromkeys(ImageState, 0) | {row[0]: row[1] for row in states}
    query = (
        select(ImageClassRow.class_id, func.count())
        .join(ImageRow, ImageRow.id == ImageClassRow.image_id)
        .join(ClassRow, ClassRow.id == ImageClassRow.class_id)
        .where(*alive, ClassRow.archived.is_(False))
        .group_by(ImageClassRow.class_id)
    )
    by_class = {row[0]: row[1] for row in session.execute(query)}
    return Progress(total=sum(by_state.values()), by_state=by_state, by_class=by_class)
