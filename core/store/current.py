"""Images as they are labelled now, beside what a dataset version once froze."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.store.images import classes_of
from core.store.tables import ImageClassRow, ImageRow, LabelRow, VersionItemRow
from core.types import ClassId, ImageId, ImageState, ProjectId, Split, VersionId

CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentImage:
    """An image's name and its consensus label as it stands; of several classes, a label can be none of them."""

    id: ImageId
    blob: str
    name: str
    classes: tuple[ClassId, ...]
    number: float | None
    split: Split | None
    state: ImageState
    flagged: bool


def read_current(session: Session, image_ids: Iterable[ImageId]) -> dict[ImageId, CurrentImage]:
    """These images by id, deleted ones left out."""
    wanted, found = list(image_ids), {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        classes = classes_of(session, part)
        query = select(
            ImageRow.id, ImageRow.blob, ImageRow.original_name, ImageRow.number, ImageRow.split, ImageRow.state,
            ImageRow.flagged,
        )  # fmt: skip
        for row in session.execute(query.where(ImageRow.id.in_(part), ImageRow.deleted_at.is_(None))):
            found[row.id] = CurrentImage(
                id=row.id,
                blob=row.blob,
                name=row.original_name,
                classes=tuple(sorted(classes[row.id])),
                number=row.number,
                split=row.split,
                state=row.state,
                flagged=row.flagged,
            )
    return found


def read_labels(session: Session, version_id: VersionId) -> dict[ImageId, tuple[list[ClassId], float | None]]:
    """Classes in order and number of a version's images as they stand, deleted ones left out.

    Two queries however many they are: a page asks each time that it is drawn.
    """
    inside = (ImageRow.id == VersionItemRow.image_id, VersionItemRow.version_id == version_id)
    alive = select(ImageRow.id, ImageRow.number).where(*inside, ImageRow.deleted_at.is_(None))
    found: dict[ImageId, tuple[list[ClassId], float | None]] = {
        image_id: ([], number) for image_id, number in session.execute(alive)
    }
    pairs = select(ImageClassRow.image_id, ImageClassRow.class_id).where(
        ImageClassRow.image_id == VersionItemRow.image_id, VersionItemRow.version_id == version_id
    )
    for image_id, class_id in session.execute(pairs.order_by(ImageClassRow.image_id, ImageClassRow.class_id)):
        if image_id in found:
            found[image_id][0].append(class_id)
    return found


def count_newly_labelled(
    session: Session, project_id: ProjectId, version_id: VersionId, *, since: datetime | None = None
) -> int:
    """How many labelled images of the project are not in the version; of those labelled `since` then, if told."""
    inside = select(VersionItemRow.image_id).where(VersionItemRow.version_id == version_id)
    query = select(func.count()).where(
        ImageRow.project_id == project_id,
        ImageRow.state == ImageState.LABELLED,
        ImageRow.deleted_at.is_(None),
        ImageRow.id.not_in(inside),
    )
    if since is not None:
        query = query.where(ImageRow.id.in_(select(LabelRow.image_id).where(LabelRow.updated_at > since)))
    return session.scalar(query) or 0
