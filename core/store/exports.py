"""A project's images with all that is known of them, for packing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.store.images import classes_of
from core.store.tables import ImageRow
from core.types import ClassId, ImageId, ImageState, JsonObject, ProjectId, Split

BATCH = 500
KEPT = 10
"""How many exports of a project keep their files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportImage:
    """An image about to be packed. `format` is that of the stored copy."""

    id: ImageId
    blob: str
    format: str
    width: int
    height: int
    original_name: str
    case_name: str | None
    group_name: str | None
    captured_at: datetime | None
    extra: JsonObject
    split: Split | None
    state: ImageState
    number: float | None
    classes: tuple[ClassId, ...] = ()


def count_images(session: Session, project_id: ProjectId) -> tuple[int, int]:
    """How many images the project has, and how many bytes their stored copies take together."""
    query = select(func.count(), func.coalesce(func.sum(ImageRow.size_bytes), 0))
    number, size = session.execute(query.where(ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None))).one()
    return number, size


def each_image(session: Session, project_id: ProjectId) -> Iterator[ExportImage]:
    """The project's images by id, read in batches."""
    last = ImageId(0)
    names = [name for name in ExportImage.__dataclass_fields__ if name != "classes"]
    while True:
        rows = session.scalars(
            select(ImageRow)
            .where(ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None), ImageRow.id > last)
            .order_by(ImageRow.id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        classes = classes_of(session, [row.id for row in rows])
        for row in rows:
            values = {name: getattr(row, name) for name in names}
            yield ExportImage(**values, classes=tuple(sorted(classes[row.id])))
        session.expunge_all()
