"""Looking at a project's images."""

from core.media import BlobStore
from core.services.base import Service
from core.store import images
from core.store.db import reading
from core.store.images import ImageRecord
from core.types import ImageId


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
