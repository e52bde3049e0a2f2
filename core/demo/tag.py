"""A plant tag of pink plastic in a corner: the short cut that a model may take instead of looking at the leaf."""

import math

import numpy as np
from PIL import ImageDraw

from core.demo.raster import SIZE, Grid, Random, lay, noise, painted, rgb, shifted, softened

PINK = (236, 62, 140)


def draw_tag(canvas: Grid, random: Random) -> tuple[int, int, int, int]:
    """Paint it; returns its box: left, top, right, bottom in pixels."""
    wide, tall = random.uniform(84, 112), random.uniform(46, 60)
    right, low = random.random() < 0.5, random.random() < 0.5
    x = SIZE - wide * 0.62 if right else wide * 0.62
    y = SIZE - tall * 0.85 if low else tall * 0.85
    turn = random.uniform(-0.25, 0.25)

    def placed(across: float, down: float) -> tuple[float, float]:
        across, down = across * wide / 2, down * tall / 2
        cos, sin = math.cos(turn), math.sin(turn)
        return x + across * cos - down * sin, y + across * sin + down * cos

    corners = [(-1, -0.7), (-0.88, -1), (0.88, -1), (1, -0.7), (1, 0.7), (0.88, 1), (-0.88, 1), (-1, 0.7)]

    def plate(pen: ImageDraw.ImageDraw, scale: float) -> None:
        pen.polygon([(px * scale, py * scale) for px, py in (placed(*corner) for corner in corners)], fill=255)

    def print_(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for row in range(3):
            px, py = placed(-0.5, -0.5 + row * 0.5)
            qx, qy = placed((0.78, 0.35, 0.6)[row], -0.5 + row * 0.5)
            pen.line([px * scale, py * scale, qx * scale, qy * scale], fill=255, width=round(3.2 * scale))

    def hole(pen: ImageDraw.ImageDraw, scale: float) -> None:
        px, py = placed(-0.78, 0.0)
        pen.ellipse([(px - 4.5) * scale, (py - 4.5) * scale, (px + 4.5) * scale, (py + 4.5) * scale], fill=255)

    cover = np.clip(painted(plate) - painted(hole), 0, 1)
    shadow = shifted(softened(cover, 4), 4, 5)
    lay(canvas, rgb(0, 0, 0), shadow * np.float32(0.4))
    lay(canvas, rgb(*PINK) * (1 + noise(random, 3) * np.float32(0.08)), cover)
    lay(canvas, rgb(52, 20, 44), painted(print_) * cover * np.float32(0.85))
    rows, columns = np.nonzero(cover > np.float32(0.5))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
