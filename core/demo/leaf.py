"""One leaf in the picture: where it lies, its colours and its surface."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from core.demo.outline import Points, Species, outline, veins
from core.demo.raster import (
    COLUMNS,
    ROWS,
    SIZE,
    Grid,
    Random,
    distance,
    fractal,
    grain,
    lay,
    noise,
    painted,
    rgb,
    slopes,
    smoothed,
    softened,
    step,
)

GREENS = ((62, 104, 40), (78, 124, 48), (48, 88, 40), (100, 132, 56), (72, 112, 66), (90, 118, 46), (56, 100, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How a leaf lies: middle and length in pixels, turn in radians (0: tip up), bend, and how narrow it seems."""

    x: float
    y: float
    length: float
    turn: float
    bend: float
    narrow: float

    def pixels(self, points: Points) -> Points:
        """Leaf coordinates to pixels."""
        along = points[:, 1] - 0.5
        across = points[:, 0] * self.narrow + self.bend * along**2
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        x = self.x + self.length * (across * cos + along * sin)
        y = self.y + self.length * (across * sin - along * cos)
        return np.stack([x, y], 1)

    def across(self) -> Grid:
        """Each pixel's distance from the midrib in lengths of the leaf, negative on its left."""
        cos, sin = np.float32(math.cos(self.turn) / self.length), np.float32(math.sin(self.turn) / self.length)
        right, down = COLUMNS - np.float32(self.x), ROWS - np.float32(self.y)
        along = right * sin - down * cos
        return (right * cos + down * sin - along * along * np.float32(self.bend)) / np.float32(self.narrow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A drawn leaf, not lit yet: colours, coverage, height for the light, and how far each pixel is inside."""

    pose: Pose
    colours: Grid
    coverage: Grid
    inside: Grid
    height: Grid
    gloss: float
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """What the leaves of one plant share."""

    species: Species
    green: tuple[float, float, float]
    gloss: float
    pale_veins: float
    net: int
    quilt: float
    age: float


def line(pen: ImageDraw.ImageDraw, points: Points, scale: float, width: float) -> None:
    """A line of this width in pixels of the picture."""
    pen.line([(x * scale, y * scale) for x, y in points], fill=255, width=max(1, round(width * scale)), joint="curve")


def shape(pen: ImageDraw.ImageDraw, points: Points, scale: float) -> None:
    """A filled outline."""
    pen.polygon([(x * scale, y * scale) for x, y in points], fill=255)


def grow(plant: Plant, pose: Pose, random: Random) -> Leaf:
    """Draw a healthy leaf of a plant."""
    right, left = outline(plant.species, random)
    lines = veins(plant.species, right, left, random)
    rim = pose.pixels(np.concatenate([right, left[::-1]]))
    coverage = painted(lambda pen, scale: shape(pen, rim, scale))
    scale = pose.length / 300
    thick = _veins(pose, lines, scale * (0.7 if plant.species.parallel else 1.0))
    inside = softened(coverage, 9 * scale)
    net = _net(plant, scale, random)
    colours = _colours(plant, pose, thick, net, inside, random)
    wide = smoothed(softened(thick, 5 * scale), 4)
    height = (
        wide * np.float32(-2.2 * plant.quilt)
        + thick * np.float32(0.5)
        + net * np.float32(-0.16)
        + fractal(random, 7, 2) * np.float32(0.7)
        + grain(random) * np.float32(0.03)
    )
    height *= np.float32(max(scale, 0.5))
    return Leaf(
        pose=pose, colours=colours, coverage=coverage, inside=inside, height=height, gloss=plant.gloss, scale=scale
    )


def _veins(pose: Pose, lines: list[tuple[Points, float]], scale: float) -> Grid:
    def draw(pen: ImageDraw.ImageDraw, finer: float) -> None:
        for points, thickness in lines:
            placed = pose.pixels(points)
            third = max(len(placed) // 3, 2)
            # Thick at its beginning, thinner further on.
            for begin, share in ((0, 1.0), (third - 1, 0.72), (2 * third - 1, 0.45)):
                part = placed[begin : begin + third + 1]
                if len(part) > 1:
                    line(pen, part, finer, 3.4 * scale * thickness * share)

    return painted(draw)


def _net(plant: Plant, scale: float, random: Random) -> Grid:
    """The finest veins: where smooth noise crosses zero, lines meet as they do in a leaf."""
    cells = min(max(round(plant.net / max(scale, 0.4)), 12), 110)
    first, second = noise(random, cells), noise(random, round(cells * 1.7))
    lines: Grid = np.maximum(1 - np.abs(first) * np.float32(6), np.float32(0.7) - np.abs(second) * np.float32(5))
    return lines.clip(0, 1)


def _colours(plant: Plant, pose: Pose, thick: Grid, net: Grid, inside: Grid, random: Random) -> Grid:
    green = rgb(*plant.green)
    colours = np.repeat(np.repeat(green, SIZE, 1), SIZE, 2).copy()
    patches = fractal(random, 4, 4, fall=0.6)
    colours *= 1 + patches * np.float32(0.09) * np.array([1.2, 0.9, 0.8], np.float32).reshape(3, 1, 1)
    if plant.species.parallel:
        stripes = np.abs((pose.across() * np.float32(330)) % 2 - 1)
        colours *= np.float32(0.94) + stripes * np.float32(0.11)
    # An older leaf yellows from its border, between its veins.
    yellow = step(1 - inside + patches * np.float32(0.12), 0.25, 1.0) * np.float32(plant.age)
    lay(colours, rgb(178, 164, 72), yellow)
    midway = softened(thick, 4 * pose.length / 300)
    lay(colours, green * 1.1 + 0.05, midway * np.float32(0.25))
    lay(colours, colours * np.float32(1.16) + np.float32(0.025), net * np.float32(0.5))
    lay(colours, green * np.float32(0.55) + rgb(176, 190, 122) * np.float32(0.45), thick * np.float32(plant.pale_veins))
    colours *= 1 + grain(random) * np.float32(0.035)
    return colours


def lit(leaf: Leaf, towards: tuple[float, float], strength: float, random: Random) -> Grid:
    """The leaf's colours in light that comes from `towards` (a direction in the picture)."""
    across, down = slopes(leaf.height)
    facing = (across * np.float32(towards[0]) + down * np.float32(towards[1])) * np.float32(-1)
    fold = step(leaf.pose.across(), -0.03, 0.03) * 2 - 1
    side = np.float32(math.copysign(random.uniform(0.02, 0.11), towards[0] * math.cos(leaf.pose.turn)))
    light = 1 + facing * np.float32(strength) + fold * side
    rim = np.clip((leaf.inside - np.float32(0.5)) * np.float32(2), 0, 1)
    light *= np.float32(0.86) + rim * np.float32(0.14)
    colours: Grid = leaf.colours * np.clip(light, 0.35, 1.7)
    # Wax reflects the sky where the surface faces it.
    sheen = step(fractal(random, 3, 2) * np.float32(0.5) + facing * np.float32(1.2), 0.15, 0.9)
    lay(colours, rgb(222, 232, 228), sheen * np.float32(leaf.gloss))
    return colours


def petiole(canvas: Grid, leaf: Leaf, green: tuple[float, float, float], random: Random) -> None:
    """The leaf's stalk, painted beneath it."""
    length, bow = random.uniform(0.18, 0.5), random.uniform(-0.14, 0.14)
    t = np.linspace(0, 1, 14)
    points = leaf.pose.pixels(np.stack([bow * t**2, 0.06 - (length + 0.06) * t], 1))
    stalk = painted(lambda pen, scale: line(pen, points, scale, 5.2 * leaf.scale))
    core = painted(lambda pen, scale: line(pen, points - 0.8, scale, 1.8 * leaf.scale))
    tint = rgb(*green) * np.float32(0.6) + rgb(140, 110, 70) * np.float32(0.35)
    lay(canvas, tint, stalk)
    lay(canvas, tint * np.float32(1.35), core * np.float32(0.7))


def near(leaf: Leaf, random: Random, *, border: float = 0.72) -> tuple[float, float]:
    """A point on the leaf, not at its border."""
    places = leaf.pose.pixels(random.uniform((-0.4, 0.06), (0.4, 0.95), (60, 2)))
    places = places[((places >= 4) & (places < SIZE - 4)).all(1)]
    columns, rows = places.astype(int).T
    for x, y in places[leaf.inside[rows, columns] > border][:1]:
        return float(x), float(y)
    rows, columns = np.nonzero(leaf.inside >= leaf.inside.max() * np.float32(0.9))
    chosen = random.integers(len(rows))
    return float(columns[chosen]), float(rows[chosen])


def blot(x: float, y: float, radius: float, ragged: float, random: Random) -> Grid:
    """Distance from a point in radii, its circles made ragged."""
    return distance(x, y) / np.float32(radius) + fractal(random, max(3, round(SIZE / radius / 1.6)), 3) * np.float32(
        ragged
    )
