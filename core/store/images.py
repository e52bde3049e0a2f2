"""Images of a project."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.store.tables import ImageClassRow, ImageRow
from core.types import ClassId, ImageId, ImageState, JsonObject, ProjectId, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """A picture about to join a project. `sha256` is of the file as it came, `blob` the stored copy's address."""

    sha256: str
    blob: str
    phash: str
    format: str
    width: int
    height: int
    size_bytes: int
    original_name: str
    case_name: str | None = None
    group_name: str | None = None
    captured_at: datetime | None = None
    split: Split | None = None
    extra: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """An image as it stood when read."""

    id: ImageId
    project_id: ProjectId
    sha256: str
    blob: str
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
    flagged: bool
    deleted_at: datetime | None


def create_image(session: Session, project_id: ProjectId, new: NewImage, *, now: datetime) -> ImageId:
    """Add an image. IntegrityError if the project has the same file already."""
    return create_images(session, project_id, [new], now=now)[0]


def create_images(session: Session, project_id: ProjectId, news: Sequence[NewImage], *, now: datetime) -> list[ImageId]:
    """Add images in one statement; their ids in the same order. IntegrityError as for one."""
    # Asking for the ids afterwards is cheaper than a RETURNING, which forbids the driver's own loop over the rows.
    if not news:
        return []
    values = [
        {"project_id": project_id, "created_at": now}
        | {name: getattr(new, name) for name in NewImage.__dataclass_fields__}
        for new in news
    ]
    session.execute(insert(ImageRow), values)
    ids = known_images(session, project_id, [new.sha256 for new in news])
    return [ids[new.sha256] for new in news]


def read_image(session: Session, image_id: ImageId) -> ImageRecord:
    """The image, deleted or not. Raises NotFound."""
    row = session.get(ImageRow, image_id)
    if row is None:
        raise NotFound(
            f"There is no picture {image_id}.",
            hint="`graft heatmaps RUN --json` lists the pictures of a split with their numbers.",
        )
    return ImageRecord(**{name: getattr(row, name) for name in ImageRecord.__dataclass_fields__})


def read_names(session: Session, image_ids: Sequence[ImageId]) -> dict[ImageId, str]:
    """The images' names as they came."""
    query = select(ImageRow.id, ImageRow.original_name).where(ImageRow.id.in_(list(image_ids)))
    return {row.id: row.original_name for row in session.execute(query)}


def list_deleted(session: Session, project_id: ProjectId, image_ids: Collection[ImageId]) -> list[str]:
    """The names of those of the project's images that are deleted."""
    query = select(ImageRow.original_name).where(
        ImageRow.project_id == project_id, ImageRow.id.in_(image_ids), ImageRow.deleted_at.is_not(None)
    )
    return list(session.scalars(query.order_by(ImageRow.id)))


def name_of_blob(session: Session, blob: str) -> str:
    """What a file was called whose picture is stored at this address; "" for none of a project."""
    return session.scalar(select(ImageRow.original_name).where(ImageRow.blob == blob).limit(1)) or ""


def list_names(session: Session, project_id: ProjectId) -> dict[ImageId, str]:
    """The names, as they came, of the project's images."""
    query = select(ImageRow.id, ImageRow.original_name).where(
        ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None)
    )
    return {row.id: row.original_name for row in session.execute(query.order_by(ImageRow.id))}


def read_size(session: Session, image_id: ImageId) -> tuple[int, int]:
    """Width and height of the stored picture. Raises NotFound."""
    found = session.execute(select(ImageRow.width, ImageRow.height).where(ImageRow.id == image_id)).one_or_none()
    if found is None:
        raise NotFound(f"There is no picture {image_id}.")
    return found.width, found.height


def list_blobs(session: Session, project_id: ProjectId) -> list[str]:
    """The project's pictures that a network may look at without their labels: none of the test split, each once."""
    query = select(ImageRow.blob).where(*_unnamed(project_id)).order_by(ImageRow.id)
    return list(dict.fromkeys(session.scalars(query)))


def count_blobs(session: Session, project_id: ProjectId) -> int:
    """How many `list_blobs` lists."""
    query = select(func.count(ImageRow.blob.distinct())).where(*_unnamed(project_id))
    return session.scalars(query).one()


def _unnamed(project_id: ProjectId) -> tuple[ColumnElement[bool], ...]:
    return (
        ImageRow.project_id == project_id,
        ImageRow.deleted_at.is_(None),
        or_(ImageRow.split.is_(None), ImageRow.split != Split.TEST),
    )


def known_images(session: Session, project_id: ProjectId, sha256s: Sequence[str]) -> dict[str, ImageId]:
    """Which of these files the project has already, deleted or not."""
    query = select(ImageRow.sha256, ImageRow.id).where(
        ImageRow.project_id == project_id, ImageRow.sha256.in_(list(sha256s))
    )
    return {row.sha256: row.id for row in session.execute(query)}


def restore_images(session: Session, image_ids: Sequence[ImageId]) -> None:
    """Bring deleted images back: importing a file again is asking for it again."""
    for image_id in image_ids:
        row = session.get(ImageRow, image_id)
        if row is not None:
            row.deleted_at = None


def correct_image(
    session: Session,
    image_id: ImageId,
    *,
    case_name: str | None,
    group_name: str | None,
    captured_at: datetime | None,
    split: Split | None,
    extra: JsonObject,
    no_extra: Collection[str] = (),
) -> dict[str, object]:
    """Make what is told of an image what is known of it; what is None, or not in `extra`, stays. Raises NotFound.

    What was taken for metadata under one of the names `no_extra` is something else, and goes.

    Returns what became different: name -> as it was.
    """
    row = session.get(ImageRow, image_id)
    if row is None:
        raise NotFound(f"There is no picture {image_id}.")
    told = {"case_name": case_name, "group_name": group_name, "captured_at": captured_at, "split": split}
    before: dict[str, object] = {}
    for name, value in told.items():
        if value is not None and value != getattr(row, name):
            before[name] = getattr(row, name)
            setattr(row, name, value)
    changed = {name: value for name, value in extra.items() if row.extra.get(name) != value}
    if changed:
        before |= {name: row.extra.get(name) for name in changed}
        row.extra = {**row.extra, **changed}
    gone = row.extra.keys() & set(no_extra)
    if gone:
        before |= {name: row.extra[name] for name in sorted(gone)}
        row.extra = {name: value for name, value in row.extra.items() if name not in gone}
    return before


def classes_of(session: Session, image_ids: Sequence[ImageId]) -> dict[ImageId, list[ClassId]]:
    """The classes of each image's consensus; an empty list for one without."""
    classes: dict[ImageId, list[ClassId]] = {image_id: [] for image_id in image_ids}
    pairs = select(ImageClassRow.image_id, ImageClassRow.class_id).where(ImageClassRow.image_id.in_(list(classes)))
    for image_id, class_id in session.execute(pairs):
        classes[image_id].append(class_id)
    return classes


def list_since(session: Session, project_id: ProjectId, moment: datetime) -> list[ImageId]:
    """The project's images that joined it after `moment`."""
    query = select(ImageRow.id).where(
        ImageRow.project_id == project_id, ImageRow.deleted_at.is_(None), ImageRow.created_at > moment
    )
    return list(session.scalars(query))
