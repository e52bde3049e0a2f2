"""Any supported picture file as an upright 8-bit RGB image."""

from pathlib import Path

from PIL import Image, ImageOps

from core.errors import BadImage


def open_rgb(path: Path, *, min_side: int = 0) -> Image.Image:
    """The picture, turned upright, 8-bit RGB.

    With `min_side` a JPEG may be decoded smaller, its shorter side still at least that many pixels.
    Raises BadImage with the reason.
    """
    try:
        with Image.open(path) as image:
            if min_side and image.format == "JPEG":
                image.draft("RGB", (min_side, min_side))
            turned = ImageOps.exif_transpose(image)
            return turned.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadImage(f"{path.name} cannot be read as a picture: {error}.") from error
