"""A heatmap as a picture to lay over the picture it explains."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGEST_SIDE = 768
"""A heatmap is smooth: more pixels would only make it slow to send."""

# Matplotlib's inferno (CC0), ten stops: rising in lightness, so that it also reads without colour.
_STOPS = ("000004", "1b0c41", "4a0c6b", "781c6d", "a52c60", "cf4446", "ed6925", "fb9b06", "f7d13d", "fcffa4")
_UNSEEN = (128, 128, 128, 150)


def seen_box(width: int, height: int, framing: str) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what the network saw of a picture: all of it, or with "crop" its middle square."""
    if framing != "crop":
        return 0, 0, width, height
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def heatmap_png(heat: NDArray[np.float32], width: int, height: int, framing: str) -> bytes:
    """(S, S) in [0, 1] -> a PNG with transparency and the sides' ratio of the picture of `width` x `height` pixels.

    Cold places are clear, hot ones opaque; what the network did not see is grey.
    """
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    left, top, right, bottom = (round(edge * scale) for edge in seen_box(width, height, framing))
    box = max(1, right - left), max(1, bottom - top)
    grown = Image.fromarray(heat.astype(np.float32)).resize(box, Image.Resampling.BILINEAR)
    canvas = Image.new("RGBA", size, _UNSEEN)
    canvas.paste(Image.fromarray(paint(np.asarray(grown))), (left, top))
    file = io.BytesIO()
    canvas.save(file, "PNG", compress_level=1)
    return file.getvalue()


def paint(heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(H, W) in [0, 1] -> (H, W, 4): colour by heat, opacity rising with it."""
    steps = np.clip(heat * 255 + 0.5, 0, 255).astype(np.uint8)
    coloured: NDArray[np.uint8] = np.take(_table(), steps, axis=0)
    return coloured


def _table() -> NDArray[np.uint8]:
    stops = np.array([[int(stop[start : start + 2], 16) for start in (0, 2, 4)] for stop in _STOPS], dtype=np.float64)
    places = np.linspace(0, len(stops) - 1, 256)
    colours = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    opacity = 255 * np.clip(np.linspace(0, 1, 256) * 1.6, 0, 1)
    return np.stack([*colours, opacity], axis=1).round().astype(np.uint8)
