"""What lies behind a leaf: soil, other leaves, sky, a bench, a hand. Each is one painter behind one signature."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from core.demo.leaf import GREENS, Pose, line, shape
from core.demo.outline import SPECIES, Points, Species, outline
from core.demo.raster import (
    COLUMNS,
    ROWS,
    SIZE,
    Grid,
    Random,
    between,
    fractal,
    grain,
    lay,
    noise,
    painted,
    rgb,
    slopes,
    step,
)


def plain(colour: Grid) -> Grid:
    """A canvas of one colour."""
    return np.repeat(np.repeat(colour.reshape(3, 1, 1), SIZE, 1), SIZE, 2).copy()


def soil(random: Random) -> Grid:
    """Crumbly ground with stones and straw."""
    # Clods of all sizes: where a second noise is low the ground is fine, where it is high it is broken.
    broken = step(noise(random, 6), -0.5, 0.6) * np.float32(0.75) + np.float32(0.25)
    rough = fractal(random, int(random.integers(8, 20)), 5, fall=0.7)
    crumbs = np.abs(fractal(random, int(random.integers(18, 40)), 4, fall=0.6))
    across, down = slopes(rough * broken - crumbs * np.float32(0.9))
    light = np.clip(1 + (across + down) * np.float32(-0.5), 0.3, 1.7) * (1 + rough * np.float32(0.12))
    canvas = between(random, (84, 62, 44), (142, 112, 84)) * light
    stones = [
        (random.uniform(0, SIZE), random.uniform(0, SIZE), random.uniform(3, 13)) for _ in range(random.integers(0, 16))
    ]

    def ovals(grow: float, shift: float) -> Callable[[ImageDraw.ImageDraw, float], None]:
        def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
            for x, y, radius in stones:
                wide, tall = radius * grow * 1.25, radius * grow * 0.85
                x0, y0 = x + shift * radius, y + shift * radius
                pen.ellipse([(x0 - wide) * scale, (y0 - tall) * scale, (x0 + wide) * scale, (y0 + tall) * scale], 255)

        return draw

    lay(canvas, canvas * np.float32(0.45), painted(ovals(1.1, 0.3)))
    grey = between(random, (120, 110, 100), (168, 160, 150))
    lay(canvas, grey * (np.float32(0.82) + light * np.float32(0.12)), painted(ovals(1.0, 0.0)))
    lay(canvas, grey * np.float32(1.15), painted(ovals(0.6, -0.22)) * np.float32(0.45))
    straw = _strokes(random, int(random.integers(0, 26)), 10, 70, 1.4)
    lay(canvas, rgb(186, 164, 116) * (np.float32(0.8) + light * np.float32(0.15)), straw * np.float32(0.85))
    return _soft(canvas, random.uniform(0.4, 2.4))


def _strokes(random: Random, count: int, short: float, long: float, width: float) -> Grid:
    ends = []
    for _ in range(count):
        x, y, turn = random.uniform(0, SIZE), random.uniform(0, SIZE), random.uniform(0, math.pi)
        reach = random.uniform(short, long)
        ends.append(np.array([[x, y], [x + reach * math.cos(turn), y + reach * math.sin(turn)]]))

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for pair in ends:
            line(pen, pair, scale, width)

    return painted(draw)


def _soft(canvas: Grid, radius: float) -> Grid:
    """The canvas out of focus."""
    image = Image.fromarray((np.clip(canvas, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))
    if radius > 2:  # as smooth from a quarter of the pixels
        image = image.reduce(2).filter(ImageFilter.GaussianBlur(radius / 2)).resize((SIZE, SIZE))
    else:
        image = image.filter(ImageFilter.GaussianBlur(radius))
    blurred = np.asarray(image, dtype=np.float32)
    return np.ascontiguousarray(blurred.transpose(2, 0, 1)) * np.float32(1 / 255)


def _stray(border: Points, random: Random, length: float) -> tuple[Points, Points]:
    """Border and midrib of a leaf of this shape somewhere in the picture."""
    pose = Pose(
        x=random.uniform(-40, SIZE + 40), y=random.uniform(-40, SIZE + 40), length=length,
        turn=random.uniform(0, 2 * math.pi), bend=random.uniform(-0.5, 0.5), narrow=random.uniform(0.5, 1.1),
    )  # fmt: skip
    return pose.pixels(border), pose.pixels(np.array([[0.0, 0.0], [0.0, 1.0]]))


def _shape(species: Species, random: Random) -> Points:
    right, left = outline(species, random)
    return np.concatenate([right[::4], left[::-4]])


def _ink(colour: npt.NDArray[np.float64]) -> tuple[int, int, int]:
    red, green, blue = (min(255, int(value)) for value in colour)
    return red, green, blue


def foliage(random: Random) -> Grid:
    """The plant itself and its neighbours, the farther the darker and less sharp."""
    half = SIZE // 2  # out of focus: half the size shows as much
    image = Image.new("RGB", (half, half), _ink(random.uniform((16, 28, 12), (44, 62, 30))))
    kinds = [_shape(SPECIES[index], random) for index in random.integers(len(SPECIES), size=2)]
    for depth, blur in enumerate((9.0, 5.0, random.uniform(1.8, 4.0))):
        pen = ImageDraw.Draw(image)
        for _ in range(int(random.integers(7, 15))):
            border, middle = _stray(kinds[random.integers(2)], random, random.uniform(110, 300))
            colour = np.array(GREENS[random.integers(len(GREENS))]) * random.uniform(0.45, 0.8) * (0.75 + 0.25 * depth)
            pen.polygon([(float(x), float(y)) for x, y in border / 2], fill=_ink(colour))
            pen.line([(float(x), float(y)) for x, y in middle / 2], fill=_ink(colour * 1.25 + 14), width=2)
        image = image.filter(ImageFilter.GaussianBlur(blur / 2))
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC), dtype=np.float32)
    light = np.clip(1 + fractal(random, 6, 3) * np.float32(0.22), 0.4, 1.6) * np.float32(1 / 255)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) * light)


def sky(random: Random) -> Grid:
    """Open sky above a blurred field."""
    horizon = random.uniform(0.35, 1.3) * SIZE
    canvas = plain(between(random, (132, 172, 208), (196, 210, 222)))
    lay(canvas, rgb(232, 236, 236), np.clip(ROWS / np.float32(horizon), 0, 1) * np.float32(0.8))
    lay(canvas, rgb(242, 243, 243), step(fractal(random, 3, 4, fall=0.6), 0.0, 0.9) * np.float32(0.7))
    hedge = step(ROWS - np.float32(horizon) + fractal(random, 7, 3) * 22, -12, 14)
    ground = between(random, (70, 96, 48), (122, 132, 72)) * (1 + fractal(random, 8, 3) * np.float32(0.2))
    lay(canvas, ground, hedge)
    return _soft(canvas, random.uniform(4, 9))


def bench(random: Random) -> Grid:
    """A table: painted, wooden, or a sheet of paper on it."""
    kind = random.integers(3)
    if kind == 0:
        boards = noise(random, 60, tall=3) * np.float32(0.10) + noise(random, 190, tall=6) * np.float32(0.07)
        boards = boards if random.random() < 0.5 else boards.T
        wood: Grid = plain(between(random, (112, 82, 52), (176, 138, 98))) * (1 + boards + grain(random) * 0.02)
        return wood
    tone = random.uniform(150, 216) if kind == 1 else random.uniform(206, 236)
    tint = random.uniform(-7, 7)
    canvas: Grid = plain(rgb(tone + tint, tone + 1, tone - tint)) * (1 + fractal(random, 3, 5) * np.float32(0.02))
    if kind == 2 and random.random() < 0.5:  # the sheet ends; the table begins
        turn = random.uniform(-0.2, 0.2)
        edge = COLUMNS * np.float32(math.sin(turn)) + ROWS * np.float32(math.cos(turn))
        edge -= np.float32(random.uniform(20, 110))
        table = between(random, (70, 62, 56), (128, 112, 98)) * (1 + fractal(random, 12, 3) * np.float32(0.06))
        lay(canvas, table, step(-edge, 0, 1.5))
        lay(canvas, canvas * np.float32(0.8), step(-edge, -5, 0) * step(edge, 0, 1.0) * np.float32(0.5))
    canvas *= 1 + grain(random) * np.float32(0.012)
    return canvas


BACKGROUNDS: dict[str, Callable[[Random], Grid]] = {"soil": soil, "foliage": foliage, "sky": sky, "bench": bench}
"""Name -> painter. A hand is held into any of them."""


def front_blade(canvas: Grid, random: Random) -> Grid:
    """An unsharp stalk or blade before the lens, in a corner; returns its coverage."""
    x, y = random.choice([0, SIZE], size=2)
    turn = math.atan2(SIZE / 2 - y, SIZE / 2 - x) + random.choice([-1, 1]) * random.uniform(0.7, 1.3)
    reach = random.uniform(170, 330)
    begin = np.array([x, y]) + random.uniform(-30, 30, 2)
    end = begin + reach * np.array([math.cos(turn), math.sin(turn)])
    side = np.array([-math.sin(turn), math.cos(turn)]) * random.uniform(12, 30)
    blade = np.stack([begin - side, begin + side, (begin + end) / 2 + side * 0.8, end])
    image = Image.new("L", (SIZE, SIZE))
    shape(ImageDraw.Draw(image), blade, 1.0)
    image = image.filter(ImageFilter.GaussianBlur(random.uniform(7, 13)))
    coverage = np.asarray(image, dtype=np.float32) * np.float32(0.92 / 255)
    lay(canvas, rgb(*GREENS[random.integers(len(GREENS))]) * np.float32(random.uniform(0.7, 1.3)), coverage)
    return coverage
