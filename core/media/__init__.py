"""Picture files: decoding them rightly, and storing them by content. Pillow, no torch."""

from core.media.blobs import BlobStore
from core.media.decode import open_rgb

__all__ = ["BlobStore", "open_rgb"]
