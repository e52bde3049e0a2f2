"""A picture file as it came, made ready for the store: upright, without headers, with a thumbnail and hashes."""

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from PIL import ExifTags, Image

from core.errors import BadImage
from core.media.blobs import shrink, thumb_side
from core.media.decode import PROBLEMS, decoded, is_upright, open_picture
from core.media.strip import strip_jpeg

LARGEST_FILE = 512 * 2**20
_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe"), "MPO": (".jpg", ".jpeg", ".jpe"), "PNG": (".png",), "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",), "BMP": (".bmp",), "GIF": (".gif",), "HEIF": (".heic", ".heif"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the store keeps of a file.

    `content` is the copy to store, in `format` ("jpeg" or "png"), `thumb` a JPEG of at most 256 px,
    `phash` 16 hexadecimal digits (difference hash), `note` what a person should know of the file.
    """

    sha256: str
    content: bytes
    format: str
    width: int
    height: int
    thumb: bytes
    phash: str
    captured_at: datetime | None
    camera: str
    note: str


def prepare(content: bytes, name: str) -> Prepared:
    """Check, turn, strip and shrink a picture. Raises BadImage with one clear line."""
    if not content:
        raise BadImage(f"{name} is empty (0 bytes).")
    if content[:1024].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise BadImage(f"{name} is a web page, not a picture.", hint="Download the picture itself.")
    image = open_picture(io.BytesIO(content), name)
    found = image.format or ""
    try:
        captured_at, camera = _facts(image)
        more = _further(image)
    except PROBLEMS as error:  # a PNG is decoded to the end in search of its header
        raise BadImage(f"{name} is damaged: its data end too early.") from error
    stored, kind, small, size = _copy(content, image, name)
    thumb = shrink(small)
    suffix = "." + name.rpartition(".")[2].lower()
    shown = "JPEG" if found == "MPO" else found
    notes = [] if suffix in _SUFFIXES[found] else [f"Its content is {shown}, whatever its name says."]
    if more:
        notes.append(f"It holds {more + 1:,} pictures; only the first one was taken.")
    return Prepared(
        sha256=hashlib.sha256(content).hexdigest(),
        content=stored,
        format=kind,
        width=size[0],
        height=size[1],
        thumb=thumb,
        phash=difference_hash(small),
        captured_at=captured_at,
        camera=camera,
        note=" ".join(notes),
    )


def _copy(content: bytes, image: Image.Image, name: str) -> tuple[bytes, str, Image.Image, tuple[int, int]]:
    """The copy to store, its format, an image at least as large as a thumbnail, and the full size."""
    if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L") and is_upright(image) and _is_srgb(image):
        stripped = strip_jpeg(content)
        if stripped is not None:
            size = image.size
            with open_picture(io.BytesIO(stripped), name) as clean:
                return stripped, "jpeg", decoded(clean, name, min_side=thumb_side(size)), size
    full = decoded(image, name)
    if image.format == "PNG" and image.mode in ("RGB", "L") and _is_bare_png(image, content):
        return content, "png", full, full.size
    encoded, full.info = io.BytesIO(), {}  # neither its comment nor its profile goes into the copy
    if image.format in ("JPEG", "MPO", "WEBP", "HEIF"):
        full.save(encoded, "JPEG", quality=95, subsampling=0)
        return encoded.getvalue(), "jpeg", full, full.size
    full.save(encoded, "PNG", compress_level=3)
    return encoded.getvalue(), "png", full, full.size


def _is_srgb(image: Image.Image) -> bool:
    profile = image.info.get("icc_profile")
    return profile is None or b"sRGB" in profile


def _is_bare_png(image: Image.Image, content: bytes) -> bool:
    harmless = {"dpi", "gamma", "srgb", "chromaticity", "interlace"}
    private = getattr(image, "private_chunks", [])
    return set(image.info) <= harmless and not private and content.endswith(b"IEND\xaeB`\x82")


def _further(image: Image.Image) -> int:
    """How many pictures follow the first one in the file: pages, layers of a stack, or moments of a film.

    Phones put previews of the same picture into a JPEG: they do not count.
    """
    moves = image.format != "MPO" and getattr(image, "is_animated", False)
    return int(getattr(image, "n_frames", 1)) - 1 if moves else 0


def _facts(image: Image.Image) -> tuple[datetime | None, str]:
    """When and with which kind of camera it was taken; nothing else of the header is looked at."""
    exif = image.getexif()
    text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    camera = str(exif.get(ExifTags.Base.Model, "")).strip("\x00 ")[:100]
    try:
        captured = datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC) if text else None
    except ValueError:
        captured = None  # a camera whose clock was never set writes nonsense
    return captured, camera


def difference_hash(image: Image.Image) -> str:
    """64 bits that stay alike when a picture is scaled or saved again: is each of 8 x 8 cells brighter than the next?

    Krawetz, Kind of like that (2013), https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html.
    """
    cells = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = (cells[:, 1:] > cells[:, :-1]).flatten()
    return np.packbits(bits).tobytes().hex()
