"""Content-addressed storage of pictures and their thumbnails."""

import hashlib
import io
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from core.errors import BadImage, NotFound, PictureLost
from core.media.decode import decoded, open_picture
from core.settings import Settings

THUMB_PX = 256
_UNFINISHED = re.compile(r".+\.(\d+)-\d+")


class BlobStore:
    """Pictures by the sha256 of their stored bytes; thumbnails beside, remade when missing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def path(self, blob: str) -> Path:
        """Where the stored picture lies. Raises NotFound for anything that is not 64 hexadecimal digits."""
        if len(blob) != 64 or not set(blob) <= set("0123456789abcdef"):
            raise NotFound(f"{blob[:80]!r} is not the address of a stored picture.")
        return self._settings.blobs / blob[:2] / blob

    def read(self, blob: str) -> bytes:
        """A stored picture's bytes, the very ones that were put. Raises PictureLost if they are gone or others."""
        path = self.path(blob)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PictureLost(blob, gone=not path.exists()) from error
        if hashlib.sha256(content).hexdigest() != blob:
            raise PictureLost(blob, gone=False)
        return content

    def put(self, content: bytes, *, settled: bool = True) -> str:
        """Store a picture and return its address; storing it twice is storing it once.

        Without `settled` a power cut may still lose it, until `settle` was called: for many at once.
        """
        blob = hashlib.sha256(content).hexdigest()
        path = self.path(blob)
        # Other bytes are what a power cut left of an unsettled one, or a damage that this mends.
        if not path.exists() or path.read_bytes() != content:
            write_file(path, content, sync=settled or not hasattr(os, "sync"))
        return blob

    def settle(self) -> None:
        """Wait until all that was put is on disk. For a batch this costs a fraction of one fsync per file."""
        if hasattr(os, "sync"):
            os.sync()

    def put_thumb(self, blob: str, content: bytes) -> None:
        """Keep a thumbnail made elsewhere; it needs no fsync, for it can be remade."""
        write_file(self.thumb_path(blob), content, sync=False)

    def thumb_path(self, blob: str) -> Path:
        """Where the thumbnail lies, whether or not it is there yet."""
        return self._settings.thumbs / blob[:2] / f"{self.path(blob).name}.jpg"

    def thumb(self, blob: str) -> Path:
        """The thumbnail's file, made now if it is missing. Raises PictureLost."""
        path = self.thumb_path(blob)
        if not path.exists():
            self.put_thumb(blob, shrink(self.rgb(blob, thumb=True)))
        return path

    def rgb(self, blob: str, *, thumb: bool = False) -> Image.Image:
        """A stored picture, upright, 8-bit RGB, as large as it is or no larger than a thumbnail needs.

        Raises PictureLost.
        """
        content = io.BytesIO(self.read(blob))
        try:
            with open_picture(content, blob) as image:
                return decoded(image, blob, min_side=thumb_side(image.size) if thumb else 0)
        except BadImage as error:  # it could be decoded when it came in
            raise PictureLost(blob, gone=False) from error


def thumb_side(size: tuple[int, int]) -> int:
    """The shorter side that a picture of this size has as a thumbnail, in pixels.

    A JPEG decoded no larger than this takes a fifth of the time that twice its size would.
    """
    return -(-min(size) * THUMB_PX // max(max(size), THUMB_PX))


def shrink(image: Image.Image) -> bytes:
    """Make an RGB picture a thumbnail, in place, and return it as JPEG, without anything but its pixels."""
    # Pillow's bilinear filter weighs every pixel, as its bicubic one does, in two thirds of the time.
    image.thumbnail((THUMB_PX, THUMB_PX), Image.Resampling.BILINEAR)
    image.info = {}  # else a comment would go with it
    content = io.BytesIO()
    image.save(content, "JPEG", quality=85)
    return content.getvalue()


def forget_unfinished(folder: Path, alive: Callable[[int], bool]) -> int:
    """Delete what `write_file` left half written anywhere below `folder`; returns how many files that were.

    A file's name says which process writes it: one that is `alive` may still be about it.
    """
    forgotten = 0
    for place, _, names in os.walk(folder):
        for found in filter(None, map(_UNFINISHED.fullmatch, names)):
            if not alive(int(found[1])):
                Path(place, found[0]).unlink(missing_ok=True)
                forgotten += 1
    return forgotten


def write_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file so that it is whole or absent, whatever happens: temporary name, fsync, rename.

    Without `sync` it may be lost, or empty, after a power cut: for what can be remade.
    """
    # Plain calls with a name of this very thread's own: a quarter of what tempfile and pathlib cost per file.
    temporary = f"{path}.{os.getpid()}-{threading.get_ident()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(temporary, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            left = memoryview(content)
            while left:  # a write may take less than it is given
                left = left[file.write(left) :]
            if sync:
                os.fsync(descriptor)
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
