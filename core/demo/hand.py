"""A hand that holds the leaf: fingers beneath it, the thumb upon it; bare or gloved."""

import math

import numpy as np
from PIL import ImageDraw

from core.demo.leaf import Pose, line
from core.demo.outline import Points
from core.demo.raster import SIZE, Grid, Random, fractal, lay, painted, rgb, shifted, slopes, smoothed, softened, step

GLOVES = ((70, 106, 168), (204, 206, 204), (52, 54, 58), (92, 138, 122))
SKINS = ((226, 182, 152), (206, 156, 122), (164, 116, 84), (112, 76, 54), (84, 56, 42))


class Hand:
    """One hand, placed at the leaf's base: paint `fingers`, then the leaf, then `thumb`."""

    def __init__(self, pose: Pose, random: Random) -> None:
        self._random = random
        self._gloved = bool(random.random() < 0.6)
        self._colour = (GLOVES if self._gloved else SKINS)[random.integers(4 if self._gloved else 5)]
        self._width = random.uniform(44, 58)
        ((self._x, self._y),) = pose.pixels(np.array([[0.0, random.uniform(-0.02, 0.08)]]))
        self._skin = fractal(random, 14 if self._gloved else 80, 3, fall=0.6)
        # The arm comes from outside, from the side where the base is.
        self._turn = math.atan2(self._y - SIZE / 2, self._x - SIZE / 2) + random.uniform(-0.35, 0.35)

    def fingers(self, canvas: Grid) -> None:
        """Three fingers and the back of the hand."""
        away = np.array([math.cos(self._turn), math.sin(self._turn)])
        side = np.array([-away[1], away[0]])
        base = np.array([self._x, self._y])
        for place in (1.5, 0.5, -0.5):
            tip = base - away * self._random.uniform(20, 48) + side * self._width * place * 0.95
            knuckle = base + away * 130 + side * self._width * place * 0.75
            self._limb(canvas, np.stack([tip, (tip + knuckle) / 2 + side * 4, knuckle + away * 260]), self._width)

    def thumb(self, canvas: Grid) -> Grid:
        """The thumb over the leaf's base; returns what it hides."""
        away = np.array([math.cos(self._turn + 0.5), math.sin(self._turn + 0.5)])
        base = np.array([self._x, self._y])
        side = np.array([-away[1], away[0]])
        tip = base + side * self._random.uniform(-10, 4) + away * 10
        path = np.stack([tip, tip + away * 90 + side * 8, tip + away * 420])
        cover = self._limb(canvas, path, self._width * 1.08)
        if not self._gloved:
            self._nail(canvas, tip, away)
        return cover

    def _limb(self, canvas: Grid, path: Points, width: float) -> Grid:
        def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
            reach = width / 2 * scale
            for x, y in path:
                pen.ellipse([x * scale - reach, y * scale - reach, x * scale + reach, y * scale + reach], fill=255)
            line(pen, path, scale, width)

        cover = painted(draw)
        shadow = shifted(softened(cover, 7), 5, 7)
        lay(canvas, rgb(0, 0, 0), shadow * (1 - cover) * np.float32(0.4))
        # The blurred outline is the limb's roundness; its slopes say how it faces the light.
        round_height = smoothed(softened(cover, width * 0.22), 6)
        across, down = slopes(round_height)
        across_fine, _ = slopes(self._skin)
        light = np.float32(0.68) + step(round_height, 0.3, 0.98) * np.float32(0.34)
        light -= (across + down) * np.float32(6.0) + across_fine * np.float32(0.3 if self._gloved else 0.06)
        colours = rgb(*self._colour) * np.clip(light, 0.3, 1.35)
        lay(canvas, colours, cover)
        return cover

    def _nail(self, canvas: Grid, tip: Points, away: Points) -> None:
        turn, middle = math.atan2(away[1], away[0]), tip + away * self._width * 0.06
        angles = np.linspace(0, 2 * math.pi, 40)
        x, y = np.cos(angles) * self._width * 0.36, np.sin(angles) * self._width * 0.27
        ring = np.stack(
            [middle[0] + x * math.cos(turn) - y * math.sin(turn), middle[1] + x * math.sin(turn) + y * math.cos(turn)],
            1,
        )

        def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
            pen.polygon([(px * scale, py * scale) for px, py in ring], fill=255)

        nail = softened(painted(draw), 0.8)
        lay(canvas, rgb(*self._colour) * np.float32(0.5) + rgb(236, 196, 186) * np.float32(0.5), nail * np.float32(0.8))
