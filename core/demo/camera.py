"""Light on the scene and what the camera makes of it."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from core.demo.raster import COLUMNS, ROWS, SIZE, Grid, Random, distance, fractal, step, stretched

_STEPS = 1024
_CURVE = np.linspace(0, 1, _STEPS)
"""Film-like contrast: dark tones a little darker, the brightest rolled off."""
CONTRAST = (
    (255 * np.clip(_CURVE + 0.12 * np.sin((_CURVE - 0.5) * 2 * math.pi) / math.pi, 0, 1)).round().astype(np.uint8)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """What the pictures of one field share: the season's light and the telephone they were taken with."""

    warmth: float
    noise: float
    softness: float
    saturation: float
    quality: int


def illuminate(canvas: Grid, camera: Camera, random: Random, *, shadows: bool) -> None:
    """Colour of the light, its fall-off, and (with `shadows`) the shadow of something that stands beside."""
    warm = camera.warmth + random.normal(0, 0.03)
    colour = np.array([1 + warm, 1, 1 - warm * 1.2], np.float32).reshape(3, 1, 1)
    light = _across(random) * np.float32(random.uniform(0, 0.28) / SIZE) + 1
    light *= np.float32(random.uniform(0.82, 1.18))
    if random.random() < 0.3 and shadows:
        edge = _across(random) + fractal(random, 3, 3) * np.float32(28) - np.float32(random.uniform(-90, 90))
        light *= 1 - step(edge, -14, 14) * np.float32(random.uniform(0.25, 0.55))
    away = distance(SIZE / 2, SIZE / 2) / np.float32(SIZE * 0.7)
    light *= 1 - away * away * np.float32(random.uniform(0.02, 0.3))  # the lens darkens the corners
    canvas *= light * colour
    grey = (canvas[0] + canvas[1] + canvas[2]) * np.float32(1 / 3)
    canvas += (grey - canvas) * np.float32(1 - camera.saturation)


def _across(random: Random) -> Grid:
    """Pixels from the middle along some direction."""
    turn = random.uniform(0, 2 * math.pi)
    return (COLUMNS - SIZE / 2) * np.float32(math.cos(turn)) + (ROWS - SIZE / 2) * np.float32(math.sin(turn))


def expose(canvas: Grid, camera: Camera, random: Random) -> Image.Image:
    """The picture as the camera keeps it: blur, noise, contrast, 8 bits."""
    image = Image.fromarray((np.clip(canvas, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))
    blur = camera.softness * random.uniform(0.6, 1.4) + (random.uniform(0.8, 1.5) if random.random() < 0.12 else 0)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float32) * np.float32(1 / 255)
    fine = random.random(pixels.shape, dtype=np.float32) - np.float32(0.5)
    coarse = stretched(random.random((SIZE // 2, SIZE // 2), dtype=np.float32) - np.float32(0.5))[..., None]
    strength = (np.float32(0.5) + np.sqrt(pixels) * np.float32(0.8)) * np.float32(camera.noise)
    pixels += (fine * 2 + coarse * np.float32(1.4)) * strength
    return Image.fromarray(CONTRAST[(np.clip(pixels, 0, 1) * (_STEPS - 1)).astype(np.int16)])
