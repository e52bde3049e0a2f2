"""Small tools on pixel grids: smooth noise, softening, painting with coverage.

The same seed must give the same bytes on every machine. Per-pixel work therefore uses float32 with additions,
multiplications, divisions and square roots only, which IEEE 754 rounds exactly; exp, sin and powers differ in
the last bit between processors, and stand only where single numbers are computed in float64.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

SIZE = 384
"""Side of a picture in pixels."""

Grid = npt.NDArray[np.float32]
"""(S, S) values of one plane, or (3, S, S) colours; colours and coverages in [0, 1]."""

_AXIS = np.arange(SIZE, dtype=np.float32)
COLUMNS, ROWS = np.meshgrid(_AXIS, _AXIS)
Random = np.random.Generator


def rgb(red: float, green: float, blue: float) -> Grid:
    """A colour, given in 0 to 255, as (3, 1, 1)."""
    return np.array([red, green, blue], dtype=np.float32).reshape(3, 1, 1) / np.float32(255)


def between(random: Random, low: tuple[float, float, float], high: tuple[float, float, float]) -> Grid:
    """A colour on the way from one to the other."""
    share = random.random()
    red, green, blue = (a + (b - a) * share + random.normal(0, 3) for a, b in zip(low, high, strict=True))
    return rgb(red, green, blue)


def stretched(values: Grid) -> Grid:
    """A coarse grid drawn out to the picture's size, smoothly."""
    return np.asarray(Image.fromarray(values).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def noise(random: Random, cells: int, *, tall: int = 0) -> Grid:
    """Smooth noise, mostly within [-1, 1], with `cells` bumps across (and `tall` down, if it differs)."""
    return stretched(random.random((tall or cells, cells), dtype=np.float32) * 2 - 1)


def fractal(random: Random, cells: int, octaves: int, *, fall: float = 0.5) -> Grid:
    """Noise in `octaves` sizes, each half as large and `fall` as strong as the one before."""
    values, strength = random.random((cells, cells), dtype=np.float32) * 2 - 1, 1.0
    for _ in range(1, octaves):
        cells, strength = cells * 2, strength * fall
        if cells > SIZE:
            break
        finer = np.asarray(Image.fromarray(values).resize((cells, cells), Image.Resampling.BICUBIC))
        values = finer + (random.random((cells, cells), dtype=np.float32) * 2 - 1) * np.float32(strength)
    return stretched(values)


def grain(random: Random) -> Grid:
    """Independent values in [-1, 1] for each pixel."""
    return random.random((SIZE, SIZE), dtype=np.float32) * 2 - 1


def step(values: Grid, low: float, high: float) -> Grid:
    """0 below `low`, 1 above `high`, smooth between (3t^2 - 2t^3)."""
    t = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    risen: Grid = t * t * (3 - 2 * t)
    return risen


def softened(coverage: Grid, radius: float) -> Grid:
    """A coverage with soft borders."""
    image = Image.fromarray((np.clip(coverage, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8))
    factor = 4 if radius > 6 else 2 if radius > 2 else 1  # a wide blur is as smooth from fewer pixels
    if factor > 1:
        small = image.reduce(factor).filter(ImageFilter.GaussianBlur(radius / factor))
        image = small.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    else:
        image = image.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, dtype=np.float32) * np.float32(1 / 255)


def smoothed(values: Grid, factor: int) -> Grid:
    """Any values, smoothed over about `factor` pixels without the steps that 8 bits would leave."""
    side = SIZE // factor
    return stretched(np.asarray(Image.fromarray(values).resize((side, side), Image.Resampling.BOX)))


def painted(draw: Callable[[ImageDraw.ImageDraw, float], None], *, finer: int = 2) -> Grid:
    """What `draw(pen, scale)` paints in white on black at `scale` times the size, as a coverage."""
    image = Image.new("L", (SIZE * finer, SIZE * finer))
    draw(ImageDraw.Draw(image), float(finer))
    return np.asarray(image.reduce(finer), dtype=np.float32) * np.float32(1 / 255)


def lay(canvas: Grid, colour: Grid, coverage: Grid) -> None:
    """Paint `colour`, one or per pixel, over the canvas where `coverage` says."""
    rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    if not len(rows):
        return
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    part = canvas[:, *box]
    part += ((colour if colour.shape[-1] == 1 else colour[:, *box]) - part) * coverage[box]


def shifted(coverage: Grid, right: int, down: int) -> Grid:
    """A coverage moved by whole pixels; what leaves the picture is lost."""
    moved = np.zeros_like(coverage)
    to_y, to_x = (slice(max(by, 0), SIZE + min(by, 0)) for by in (down, right))
    from_y, from_x = (slice(max(-by, 0), SIZE + min(-by, 0)) for by in (down, right))
    moved[to_y, to_x] = coverage[from_y, from_x]
    return moved


def slopes(height: Grid) -> tuple[Grid, Grid]:
    """Differences across and down."""
    across, down = np.zeros_like(height), np.zeros_like(height)
    across[:, 1:-1] = height[:, 2:] - height[:, :-2]
    down[1:-1] = height[2:] - height[:-2]
    return across, down


def distance(x: float, y: float) -> Grid:
    """Pixels from a point."""
    across, down = COLUMNS - np.float32(x), ROWS - np.float32(y)
    away: Grid = np.sqrt(across * across + down * down)
    return away
