"""What the diseases leave on a leaf. Each painter changes the leaf's colours and height and returns its coverage."""

from collections.abc import Callable

import numpy as np
from PIL import ImageDraw

from core.demo.leaf import Leaf, blot, near
from core.demo.raster import Grid, Random, between, fractal, grain, lay, noise, painted, rgb, softened, step


def rust(leaf: Leaf, random: Random) -> Grid:
    """Small raised pustules, orange to brown, in groups, some with a pale halo."""
    count = int(random.integers(14, 130))
    centres = [near(leaf, random) for _ in range(int(random.integers(2, 7)))]
    spread = random.uniform(14, 60) * leaf.scale
    spots = []
    for _ in range(count):
        if random.random() < 0.25:
            x, y = near(leaf, random, border=0.6)
        else:
            x, y = np.array(centres[random.integers(len(centres))]) + random.normal(0, spread, 2)
        radius = float(np.clip(random.lognormal(0.75, 0.35), 1.2, 5.5) * max(leaf.scale, 0.75))
        spots.append((float(x), float(y), radius, random.uniform(0.7, 1.5), random.random()))

    def draw(grow: float, tones: bool = False) -> Callable[[ImageDraw.ImageDraw, float], None]:
        def paint(pen: ImageDraw.ImageDraw, scale: float) -> None:
            for x, y, radius, longer, tone in spots:
                wide, tall = radius * grow * longer**0.5, radius * grow / longer**0.5
                box = [(x - wide) * scale, (y - tall) * scale, (x + wide) * scale, (y + tall) * scale]
                pen.ellipse(box, fill=round(90 + tone * 165) if tones else 255)

        return paint

    core, inner = painted(draw(1.0)), painted(draw(0.5))
    halo = softened(painted(draw(1.9)), 2.2 * leaf.scale) * np.float32(random.uniform(0.25, 0.75))
    tone = painted(draw(1.15, tones=True)) + grain(random) * np.float32(0.1)
    powder = softened(core, 5 * leaf.scale) * step(grain(random), 0.35, 0.9) * np.float32(random.uniform(0.3, 0.9))
    inside = step(leaf.coverage, 0.3, 0.8)
    lay(leaf.colours, rgb(186, 178, 74), halo * inside)
    shade = rgb(118, 56, 22) + (rgb(222, 128, 40) - rgb(118, 56, 22)) * tone
    lay(leaf.colours, shade, np.maximum(core, powder * np.float32(0.7)) * inside * np.float32(0.96))
    lay(leaf.colours, shade * np.float32(1.18), inner * inside * np.float32(0.5))
    leaf.height[:] += softened(core, 1.2) * np.float32(0.7)
    return np.maximum(np.maximum(core, step(halo, 0.08, 0.3)), step(powder, 0.2, 0.6)) * inside


def blight(leaf: Leaf, random: Random) -> Grid:
    """A few large dead patches, brown, with rings like a target and a yellow border."""
    covered = np.zeros_like(leaf.coverage)
    inside = step(leaf.coverage, 0.3, 0.8)
    for number in range(int(random.choice([1, 1, 2, 2, 3, 4, 6]))):
        x, y = near(leaf, random, border=0.45 if random.random() < 0.5 else 0.8)
        radius = random.uniform(16, 56 if number == 0 else 34) * leaf.scale
        away = blot(x, y, radius, random.uniform(0.16, 0.34), random)
        core = step(-away, -1.04, -0.94) * inside
        width = random.uniform(0.25, 0.6)
        halo = step(-away, -1.0 - width, -0.98) * inside * np.float32(random.uniform(0.55, 0.95))
        rings = np.abs((away * np.float32(random.uniform(2.2, 4.2))) % 2 - 1)
        rings = step(rings + fractal(random, 20, 3) * np.float32(0.3), 0.1, 0.95) * np.float32(
            random.uniform(0.25, 0.8)
        )
        dark = between(random, (70, 42, 24), (98, 62, 38))
        pale = between(random, (126, 88, 52), (166, 130, 90))
        tissue = dark + (pale - dark) * (rings + fractal(random, 40, 2) * np.float32(0.14))
        tissue = tissue * (1 + grain(random) * np.float32(0.06))
        rim = step(away, 0.80, 0.98)
        tissue = tissue * (1 - rim * np.float32(0.32))
        lay(leaf.colours, between(random, (184, 168, 56), (208, 190, 84)), halo)
        lay(leaf.colours, tissue, core * np.float32(0.95))
        leaf.height[:] += core * (rings * np.float32(0.5) - np.float32(0.8)) * np.float32(leaf.scale)
        covered = np.maximum(covered, np.maximum(core, halo))
    return covered


def mildew(leaf: Leaf, random: Random) -> Grid:
    """White powder in round colonies that run together, thick in the middle, thin outside."""
    covered = np.zeros_like(leaf.coverage)
    inside = step(leaf.coverage, 0.3, 0.8)
    felt = fractal(random, 40, 3, fall=0.7)
    dense = random.uniform(0.5, 1.0)
    for _ in range(int(random.integers(2, 13))):
        x, y = near(leaf, random, border=0.6)
        radius = random.uniform(9, 42) * leaf.scale
        away = blot(x, y, radius, 0.3, random)
        covered = np.maximum(covered, step(-away, -1.25, random.uniform(-0.5, 0.0)) * np.float32(dense))
    powder = np.clip(covered * (np.float32(0.86) + felt * np.float32(0.3) + grain(random) * np.float32(0.16)), 0, 0.94)
    powder *= inside
    colour = between(random, (206, 208, 200), (232, 233, 228))
    lay(leaf.colours, colour * (1 + noise(random, 90) * np.float32(0.05)), powder)
    leaf.height[:] += powder * felt * np.float32(0.45)
    return step(powder, 0.05, 0.2)


PAINTERS: dict[str, Callable[[Leaf, Random], Grid]] = {"rust": rust, "blight": blight, "mildew": mildew}
"""Disease -> painter."""
