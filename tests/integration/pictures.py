"""Pictures in a project without an import: rows, and one small file that they share."""

import itertools
from datetime import UTC, datetime

from core.graft import Graft
from core.media import BlobStore, prepare
from core.store.db import writing
from core.store.images import NewImage, create_image
from core.types import ImageId, ProjectId
from tests.unit.test_media import encoded, gradient

_NUMBERS = itertools.count()


def add_pictures(graft: Graft, project: ProjectId, number: int, *, group: str | None = None) -> list[ImageId]:
    """That many pictures, 0.png and on; their ids."""
    ready = prepare(encoded(gradient(), "PNG"), "a.png")
    blob = BlobStore(graft.settings).put(ready.content)
    with writing(graft.engine) as session:
        return [
            create_image(
                session,
                project,
                NewImage(
                    sha256=f"{next(_NUMBERS):064}",
                    blob=blob,
                    phash=ready.phash,
                    format=ready.format,
                    width=80,
                    height=60,
                    size_bytes=9,
                    original_name=f"{index}.png",
                    case_name=f"plant {index // 2}",
                    group_name=group,
                    extra={},
                ),
                now=datetime.now(UTC),
            )
            for index in range(number)
        ]
