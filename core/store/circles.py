"""Circles that experts drew on images."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.labels import Circle
from core.store.tables import CircleRow, ImageRow
from core.types import ImageId, ProjectId


def replace_circles(
    session: Session, image_id: ImageId, circles: Sequence[Circle], *, annotator: int, now: datetime
) -> None:
    """Make these the image's circles, drawn by that person, instead of any it had."""
    session.execute(delete(CircleRow).where(CircleRow.image_id == image_id))
    if circles:
        facts = {"image_id": image_id, "annotator_id": annotator, "created_at": now}
        session.execute(insert(CircleRow), [{**facts, "x": c.x, "y": c.y, "rx": c.rx, "ry": c.ry} for c in circles])


def read_circles(
    session: Session, project_id: ProjectId, image_ids: Sequence[ImageId] | None = None
) -> dict[ImageId, list[Circle]]:
    """The circles on a project's images, all or some; images without any are left out."""
    query = (
        select(CircleRow)
        .join(ImageRow, ImageRow.id == CircleRow.image_id)
        .where(ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None))
        .order_by(CircleRow.id)
    )
    if image_ids is not None:
        query = query.where(CircleRow.image_id.in_(list(image_ids)))
    found: dict[ImageId, list[Circle]] = {}
    for row in session.scalars(query):
        found.setdefault(row.image_id, []).append(Circle(row.x, row.y, row.rx, row.ry))
    return found


def count_circled(session: Session, project_id: ProjectId) -> int:
    """How many of a project's images carry a circle."""
    query = (
        select(func.count(CircleRow.image_id.distinct()))
        .join(ImageRow, ImageRow.id == CircleRow.image_id)
        .where(ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None))
    )
    return session.scalar(query) or 0
