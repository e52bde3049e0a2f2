"""Picture files: decoding them rightly, and storing them by content. Pillow, no torch."""

from core.media.blobs import THUMB_PX, BlobStore, forget_unfinished, write_file
from core.media.bounded import forget_oldest
from core.media.decode import open_rgb
from core.media.prepare import Prepared, prepare
from core.media.sources import Entry, Source, open_source

__all__ = [
    "THUMB_PX",
    "BlobStore",
    "Entry",
    "Prepared",
    "Source",
    "forget_oldest",
    "forget_unfinished",
    "open_rgb",
    "open_source",
    "prepare",
    "write_file",
]  # fmt: skip
