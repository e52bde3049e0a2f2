"""Picture files: decoding them rightly, and storing them by content. Pillow, no torch."""

from core.media.blobs import THUMB_PX, BlobStore, forget_unfinished, shrink, write_file
from core.media.bounded import forget_oldest
from core.media.decode import decoded, is_plain_jpeg, open_picture, open_rgb
from core.media.prepare import Prepared, prepare
from core.media.sources import Entry, Source, open_source

__all__ = [
    "THUMB_PX",
    "BlobStore",
    "Entry",
    "Prepared",
    "Source",
    "decoded",
    "forget_oldest",
    "forget_unfinished",
    "is_plain_jpeg",
    "open_picture",
    "open_rgb",
    "open_source",
    "prepare",
    "shrink",
    "write_file",
]  # fmt: skip
