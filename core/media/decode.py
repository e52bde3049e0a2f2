"""Any supported picture file as an upright 8-bit RGB image.

JPEG, PNG, TIFF, WebP, BMP, GIF (first frame) and HEIC; 16-bit and floating-point greys, CMYK, palettes and
transparency are brought to what a person would see in a viewer.
"""

import functools
import io
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms, ImageOps

from core.errors import BadImage

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "HEIF")
EXTENSIONS = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".heic", ".heif"})
KINDS = "Graft reads JPEG, PNG, TIFF, WebP, BMP, GIF and HEIC."
LARGEST_PIXELS = 178_000_000
"""A picture with more pixels is refused before it is unpacked: a small file can claim any size."""

_SRGB = b"sRGB"
"""Stands in a profile that leaves the pixels as they are."""
PROBLEMS = (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError)


@functools.cache
def _register_heif() -> None:
    pillow_heif.register_heif_opener()


def open_picture(file: Path | BinaryIO, name: str) -> Image.Image:
    """The picture's header, not decoded yet, its size checked. Raises BadImage."""
    _register_heif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the check below is ours
            image: Image.Image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except PROBLEMS as error:
        raise BadImage(f"{name} is not a picture that can be read, or it is damaged.", hint=KINDS) from error
    if image.width * image.height > LARGEST_PIXELS:
        raise _too_large(name)
    return image


def _too_large(name: str) -> BadImage:
    return BadImage(f"{name} claims more than {LARGEST_PIXELS // 10**6} million pixels.", hint="Save it smaller.")


def open_rgb(path: Path, *, min_side: int = 0) -> Image.Image:
    """The picture, turned upright, 8-bit RGB.

    With `min_side` a JPEG may be decoded smaller, its shorter side still at least that many pixels.
    Raises BadImage with the reason.
    """
    with open_picture(path, path.name) as image:
        return decoded(image, path.name, min_side=min_side)


def decoded(image: Image.Image, name: str, *, min_side: int = 0) -> Image.Image:
    """An opened picture's pixels: upright, 8-bit RGB. Raises BadImage if its data end early or are damaged."""
    if min_side and image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L"):
        image.draft("RGB", (min_side, min_side))
    try:
        # Only where needed: it copies the pixels of a picture that is upright already.
        turned = image if is_upright(image) else ImageOps.exif_transpose(image)
        return _rgb(turned, image.info.get("icc_profile"))
    except PROBLEMS as error:
        raise BadImage(f"{name} is damaged: {_reason(error)}") from error


def is_plain_jpeg(image: Image.Image) -> bool:
    """Whether an opened picture is a JPEG whose pixels are to be seen as they are stored, whoever decodes them."""
    profile = image.info.get("icc_profile")
    jpeg = image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L")
    return jpeg and is_upright(image) and (not profile or _SRGB in profile)


def is_upright(image: Image.Image) -> bool:
    """Whether its pixels are stored as they are to be seen."""
    return bool(image.getexif().get(ExifTags.Base.Orientation, 1) == 1)


def _reason(error: Exception | MemoryError) -> str:
    text = str(error).lower()
    if "truncated" in text or "not processed" in text or isinstance(error, EOFError):
        return "its data end too early."
    return "its data cannot be decoded."


def _rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_deep_grey(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image).convert("RGB")
    if profile and image.mode in ("RGB", "CMYK"):
        image = _to_srgb(image, profile)
    if image.mode != "RGB":
        return image.convert("RGB")
    image.load()
    return image


def _from_deep_grey(image: Image.Image) -> Image.Image:
    # Cameras write 10, 12 or 14 bits into 16: the smallest 2^k - 1 that holds the brightest pixel is white.
    pixels = np.nan_to_num(np.asarray(image).astype(np.float64))
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or (image.mode == "F" and high <= 1):
        scaled = (pixels - min(low, 0)) / max(high - min(low, 0), 1e-12) * 255
    else:
        white = 255.0
        while white < high:
            white = white * 2 + 1
        scaled = pixels / white * 255
    return Image.fromarray(np.clip(scaled + 0.5, 0, 255).astype(np.uint8), "L").convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    if _SRGB in profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:
        return image  # a broken profile: the plain numbers are the best there is
    return turned or image
