"""Pages of a project's pictures under a filter.

Pages are found by key (ids after the last one seen), never by offset: page 900 costs what page 1 costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, Select, false, func, or_, select, update
from sqlalchemy.orm import Session

from core.store.images import classes_of
from core.store.tables import ImageClassRow, ImageRow
from core.types import ClassId, ImageId, ImageState, ProjectId, Split

MOST_COUNTED = 10_000
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFilter:
    """Which pictures; None and empty mean any. `text` is looked for in name and case, `group` is a whole name."""

    class_id: ClassId | None = None
    state: ImageState | None = None
    split: Split | None = None
    group: str = ""
    text: str = ""
    flagged: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as a gallery shows it."""

    id: ImageId
    blob: str
    name: str
    case_name: str | None
    group_name: str | None
    split: Split | None
    state: ImageState
    classes: tuple[ClassId, ...]
    number: float | None
    flagged: bool


def _conditions(project_id: ProjectId, wanted: PictureFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        ImageRow.project_id == project_id,
        ImageRow.deleted_at.is_not(None) if wanted.deleted else ImageRow.deleted_at.is_(None),
    ]
    if wanted.class_id is not None:
        found.append(ImageClassRow.class_id == wanted.class_id)
    if wanted.state is not None:
        found.append(ImageRow.state == wanted.state)
    if wanted.split is not None:
        found.append(ImageRow.split == wanted.split)
    if wanted.group:
        found.append(ImageRow.group_name == wanted.group)
    if wanted.flagged:
        found.append(ImageRow.flagged.is_(True))
    if "\x00" in wanted.text:
        found.append(false())  # SQLite ends a pattern there, and the empty rest would match everything
    if wanted.text:
        found.append(
            or_(
                ImageRow.original_name.icontains(wanted.text, autoescape=True),
                ImageRow.case_name.icontains(wanted.text, autoescape=True),
            )
        )
    return found


def _ids(project_id: ProjectId, wanted: PictureFilter) -> tuple[Select[ImageId], ColumnElement[ImageId]]:
    # With a class, its index already holds the ids in order: few pictures of a rare class are found at once.
    if wanted.class_id is None:
        query, key = select(ImageRow.id), ImageRow.id
    else:
        query = select(ImageClassRow.image_id).join(ImageRow, ImageRow.id == ImageClassRow.image_id)
        key = ImageClassRow.image_id
    return query.where(*_conditions(project_id, wanted)), cast(ColumnElement[ImageId], key)


def list_after(
    session: Session, project_id: ProjectId, wanted: PictureFilter, *, after: ImageId, limit: int
) -> list[Picture]:
    """The next pictures with ids larger than `after`, by id."""
    query, key = _ids(project_id, wanted)
    return _pictures(session, session.scalars(query.where(key > after).order_by(key).limit(limit)).all())


def list_before(
    session: Session, project_id: ProjectId, wanted: PictureFilter, *, before: ImageId, limit: int
) -> list[Picture]:
    """The last pictures with ids smaller than `before`, by id."""
    query, key = _ids(project_id, wanted)
    return _pictures(session, session.scalars(query.where(key < before).order_by(key.desc()).limit(limit)).all())


def count_pictures(session: Session, project_id: ProjectId, wanted: PictureFilter) -> int:
    """How many pictures; MOST_COUNTED + 1 stands for more than that, so that counting stays cheap."""
    query, _ = _ids(project_id, wanted)
    return session.scalar(select(func.count()).select_from(query.limit(MOST_COUNTED + 1).subquery())) or 0


def list_groups(session: Session, project_id: ProjectId) -> list[str]:
    """The project's groups by name."""
    query = select(ImageRow.group_name).where(ImageRow.project_id == project_id, ImageRow.group_name.is_not(None))
    return [name for name in session.scalars(query.distinct().order_by(ImageRow.group_name)) if name]


def _pictures(session: Session, ids: Sequence[ImageId]) -> list[Picture]:
    classes = classes_of(session, ids)
    return [
        Picture(
            id=row.id,
            blob=row.blob,
            name=row.original_name,
            case_name=row.case_name,
            group_name=row.group_name,
            split=row.split,
            state=row.state,
            classes=tuple(classes[row.id]),
            number=row.number,
            flagged=row.flagged,
        )
        for row in session.scalars(select(ImageRow).where(ImageRow.id.in_(ids)).order_by(ImageRow.id))
    ]


def mark_deleted(session: Session, project_id: ProjectId, ids: Sequence[ImageId], *, at: datetime | None) -> int:
    """Hide the project's pictures from `at` on, or bring them back (None); how many that changed."""
    changed = 0
    for start in range(0, len(ids), CHUNK):
        query = (
            update(ImageRow)
            .where(
                ImageRow.project_id == project_id,
                ImageRow.id.in_(ids[start : start + CHUNK]),
                ImageRow.deleted_at.is_not(None) if at is None else ImageRow.deleted_at.is_(None),
            )
            .values(deleted_at=at)
        )
        changed += cast(CursorResult[object], session.execute(query)).rowcount
    return changed
