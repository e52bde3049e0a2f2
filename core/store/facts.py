"""What is known of pictures besides their label."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.store.tables import ImageRow
from core.types import ImageId, JsonObject

CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """A picture's place, size and origin; `extra` is what tables and headers told besides, such as the camera."""

    case_name: str | None
    group_name: str | None
    captured_at: datetime | None
    format: str
    width: int
    height: int
    extra: JsonObject


def read_facts(session: Session, image_ids: Sequence[ImageId]) -> dict[ImageId, ImageFacts]:
    """The facts of these images, deleted ones too."""
    names = tuple(ImageFacts.__dataclass_fields__)
    columns = [getattr(ImageRow, name) for name in names]
    found = {}
    for start in range(0, len(image_ids), CHUNK):
        query = select(ImageRow.id, *columns).where(ImageRow.id.in_(image_ids[start : start + CHUNK]))
        for row in session.execute(query):
            found[row.id] = ImageFacts(**{name: getattr(row, name) for name in names})
    return found
