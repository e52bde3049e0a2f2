"""A project's pictures with everything that a check of the data looks at."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.store.tables import ImageClassRow, ImageRow
from core.types import ClassId, ImageId, ImageState, JsonObject, ProjectId, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedImage:
    """A picture that is not deleted. `classes` are empty and `number` is None without a label."""

    id: ImageId
    blob: str
    phash: str
    name: str
    format: str
    width: int
    height: int
    size_bytes: int
    case_name: str | None
    group_name: str | None
    captured_at: datetime | None
    extra: JsonObject
    split: Split | None
    labelled: bool
    number: float | None
    classes: tuple[ClassId, ...]


def list_blobs(session: Session, project_id: ProjectId) -> list[tuple[ImageId, str]]:
    """The project's pictures that are not deleted, by id: id and where each is stored."""
    query = select(ImageRow.id, ImageRow.blob).where(ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None))
    return [(row.id, row.blob) for row in session.execute(query.order_by(ImageRow.id))]


def list_checked(session: Session, project_id: ProjectId) -> list[CheckedImage]:
    """The project's pictures by id."""
    alive = (ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None))
    classes: dict[ImageId, list[ClassId]] = {}
    pairs = select(ImageClassRow.image_id, ImageClassRow.class_id).join(ImageRow, ImageRow.id == ImageClassRow.image_id)
    for image_id, class_id in session.execute(pairs.where(*alive)):
        classes.setdefault(image_id, []).append(class_id)
    columns = (
        ImageRow.id, ImageRow.blob, ImageRow.phash, ImageRow.original_name, ImageRow.format, ImageRow.width,
        ImageRow.height, ImageRow.size_bytes, ImageRow.case_name, ImageRow.group_name, ImageRow.captured_at,
        ImageRow.extra, ImageRow.split, ImageRow.state, ImageRow.number,
    )  # fmt: skip
    return [
        CheckedImage(
            id=row.id,
            blob=row.blob,
            phash=row.phash,
            name=row.original_name,
            format=row.format,
            width=row.width,
            height=row.height,
            size_bytes=row.size_bytes,
            case_name=row.case_name,
            group_name=row.group_name,
            captured_at=row.captured_at,
            extra=row.extra,
            split=row.split,
            labelled=row.state is ImageState.LABELLED,
            number=row.number,
            classes=tuple(sorted(classes.get(row.id, []))),
        )
        for row in session.execute(select(*columns).where(*alive).order_by(ImageRow.id))
    ]
