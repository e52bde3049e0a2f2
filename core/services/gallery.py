"""Looking at a project's images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from core.errors import BadInput, NotFound
from core.media import BlobStore
from core.services.base import Service
from core.store import gallery, images, label_queue
from core.store.db import reading, writing
from core.store.gallery import MOST_COUNTED, Picture, PictureFilter
from core.store.images import ImageRecord
from core.types import ImageId, ProjectId, whole_number

__all__ = ["Gallery", "ImageRecord", "Picture", "PictureCount", "PictureFilter", "PicturePage"]

PAGE = 100
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePage:
    """Some pictures in their order, and whether there are others before and after them."""

    pictures: tuple[Picture, ...]
    earlier: bool
    later: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCount:
    """How many pictures; if not `exact`, there are more than `number`."""

    number: int
    exact: bool


class Gallery(Service):
    """Images one by one and in pages."""

    @property
    def store(self) -> BlobStore:
        """The pictures themselves."""
        return BlobStore(self.settings)

    def image(self, image_id: ImageId) -> ImageRecord:
        """The image. Raises NotFound."""
        with reading(self.engine) as session:
            return images.read_image(session, image_id)

    def named(self, project_id: ProjectId, text: str) -> ImageId:
        """The picture that a person means: by its number, or by its name, with or without folders, or a path to it.

        Raises NotFound for none, BadInput with their numbers for several.
        """
        if (number := whole_number(text)) is not None:
            return ImageId(number)
        with reading(self.engine) as session:
            names = images.list_names(session, project_id)
        found = _meant(names, text)
        if not found:
            raise NotFound(
                f"There is no picture {text!r} in the project.",
                hint="Give the name of its file, as the gallery shows it, or its number.",
            )
        if len(found) > 1:
            several = [f"{image} ({names[image]})" for image in found]
            shown = f"{', '.join(several[:SHOWN])}{' …' if len(several) > SHOWN else ''}"
            raise BadInput(
                f"{text!r} could mean {len(found):,} pictures of the project.",
                hint=f"Write it with its folder, or give its number: {shown}.",
            )
        return found[0]

    def page(
        self,
        project_id: ProjectId,
        wanted: PictureFilter,
        *,
        after: ImageId | None = None,
        before: ImageId | None = None,
        size: int = PAGE,
    ) -> PicturePage:
        """Pictures by id: the first ones after `after`, or the last ones before `before`, or the very first.

        The side one comes from is taken to hold others, without looking.
        """
        with reading(self.engine) as session:
            if before is not None:
                found = gallery.list_before(session, project_id, wanted, before=before, limit=size + 1)
                return PicturePage(pictures=tuple(found[-size:]), earlier=len(found) > size, later=True)
            found = gallery.list_after(session, project_id, wanted, after=after or ImageId(0), limit=size + 1)
            return PicturePage(pictures=tuple(found[:size]), earlier=bool(after), later=len(found) > size)

    def count(self, project_id: ProjectId, wanted: PictureFilter) -> PictureCount:
        """How many pictures the filter lets through, counted up to ten thousand; all of them where it lets all."""
        with reading(self.engine) as session:
            if wanted == PictureFilter():
                return PictureCount(number=label_queue.read_progress(session, project_id).total, exact=True)
            number = gallery.count_pictures(session, project_id, wanted)
        return PictureCount(number=min(number, MOST_COUNTED), exact=number <= MOST_COUNTED)

    def groups(self, project_id: ProjectId) -> list[str]:
        """The project's groups by name."""
        with reading(self.engine) as session:
            return gallery.list_groups(session, project_id)

    def delete(self, project_id: ProjectId, image_ids: Sequence[ImageId]) -> int:
        """Hide pictures from everything that comes; labels, files and earlier dataset versions stay. How many."""
        with writing(self.engine) as session:
            return gallery.mark_deleted(session, project_id, image_ids, at=datetime.now(UTC))

    def restore(self, project_id: ProjectId, image_ids: Sequence[ImageId]) -> int:
        """Bring deleted pictures back with the labels they had. How many."""
        with writing(self.engine) as session:
            return gallery.mark_deleted(session, project_id, image_ids, at=None)


def _meant(names: Mapping[ImageId, str], text: str) -> list[ImageId]:
    """Those called so: by the whole name, else by as much of its end as one of name and text has of the other."""
    asked = PurePosixPath(text.replace("\\", "/").casefold()).parts
    found: dict[int, list[ImageId]] = {}
    for image, name in names.items():
        own = PurePosixPath(name.casefold()).parts
        if own == asked:
            found.setdefault(len(asked) + 1, []).append(image)
        elif asked[-len(own) :] == own or own[-len(asked) :] == asked:
            found.setdefault(min(len(own), len(asked)), []).append(image)
    return found[max(found)] if found else []
