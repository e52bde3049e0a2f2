"""Harmless things on leaves of every class, so that a spot alone tells nothing: dew, dust, holes, sun, dead tips."""

from collections.abc import Callable

import numpy as np
from PIL import ImageDraw

from core.demo.leaf import Leaf, blot, near
from core.demo.raster import Grid, Random, between, fractal, grain, lay, noise, painted, rgb, softened, step


def _discs(spots: list[tuple[float, float, float]], grow: float = 1.0, shift: float = 0.0) -> Grid:
    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        for x, y, radius in spots:
            middle, reach = np.array([x, y]) + shift * radius, radius * grow
            pen.ellipse([*((middle - reach) * scale), *((middle + reach) * scale)], fill=255)

    return painted(draw)


def dew(leaf: Leaf, random: Random) -> None:
    """Drops of water: a dark upper border, a bright lower one, a spark of light."""
    spots = []
    for _ in range(int(random.integers(8, 60))):
        radius = float(np.clip(random.lognormal(0.8, 0.5), 1.2, 8) * leaf.scale)
        spots.append((*near(leaf, random, border=0.55), radius))
    drops = _discs(spots) * leaf.coverage
    lay(leaf.colours, leaf.colours * np.float32(0.72), drops * np.float32(0.75))
    lay(
        leaf.colours,
        leaf.colours * np.float32(1.5) + np.float32(0.05),
        softened(_discs(spots, 0.62, 0.25), 0.8) * drops,
    )
    lay(leaf.colours, rgb(244, 248, 250), softened(_discs(spots, 0.24, -0.38), 0.4) * drops * np.float32(0.95))


def dust(leaf: Leaf, random: Random) -> None:
    """Splashed soil: dull specks everywhere, and a film."""
    specks = step(noise(random, 120) + noise(random, 9) * np.float32(0.35), 0.62, 0.85)
    film = step(fractal(random, 5, 3), -0.2, 1.0) * np.float32(random.uniform(0.05, 0.22))
    cover = np.maximum(specks * np.float32(random.uniform(0.4, 0.8)), film) * leaf.coverage
    lay(leaf.colours, between(random, (120, 100, 76), (162, 146, 122)), cover)


def holes(leaf: Leaf, random: Random) -> None:
    """What a beetle ate, with a thin dry border."""
    for _ in range(int(random.integers(1, 6))):
        x, y = near(leaf, random, border=0.45)
        away = blot(x, y, random.uniform(4, 13) * leaf.scale, 0.28, random)
        lay(leaf.colours, rgb(132, 112, 66), step(-away, -1.35, -1.0) * np.float32(0.7))
        leaf.coverage[:] *= step(away, 0.86, 1.0)


def flecks(leaf: Leaf, random: Random) -> None:
    """Spots of sunlight through other leaves."""
    spots = [(*near(leaf, random), random.uniform(8, 28) * leaf.scale) for _ in range(int(random.integers(2, 8)))]
    light = softened(_discs(spots), random.uniform(3, 7)) * (1 + fractal(random, 9, 2) * np.float32(0.5))
    light = np.clip(light, 0, 1) * np.float32(random.uniform(0.4, 1.0))
    leaf.colours[:] *= 1 + light * np.array([0.85, 0.66, 0.45], np.float32).reshape(3, 1, 1)


def dry_tip(leaf: Leaf, random: Random) -> None:
    """A tip or border dried by wind: thin, pale brown, without rings."""
    along = random.choice([0.98, 0.98, 0.5])
    ((x, y),) = leaf.pose.pixels(np.array([[0.0 if along > 0.9 else 0.3, along]]))
    away = blot(float(x), float(y), random.uniform(14, 34) * leaf.scale, 0.2, random)
    dry = step(-away, -1.1, -0.9) * step(1 - leaf.inside, 0.05, 0.5)
    tint = rgb(150, 126, 84) * (1 + fractal(random, 50, 2) * np.float32(0.1) + grain(random) * np.float32(0.05))
    lay(leaf.colours, tint, dry * np.float32(0.85))


def scar(leaf: Leaf, random: Random) -> None:
    """A healed scratch: a thin pale line."""
    begin, end = np.array(near(leaf, random)), np.array(near(leaf, random))
    end = begin + (end - begin) * min(1.0, 60 * leaf.scale / max(float(np.hypot(*(end - begin))), 1.0))

    def draw(pen: ImageDraw.ImageDraw, scale: float) -> None:
        pen.line([*(begin * scale), *(end * scale)], fill=255, width=max(1, round(1.5 * scale * leaf.scale)))

    lay(leaf.colours, rgb(176, 168, 122), softened(painted(draw), 0.6) * np.float32(0.8))


CONFOUNDERS: dict[str, tuple[Callable[[Leaf, Random], None], float]] = {
    "dew": (dew, 0.22),
    "dust": (dust, 0.3),
    "holes": (holes, 0.22),
    "flecks": (flecks, 0.2),
    "dry tip": (dry_tip, 0.2),
    "scar": (scar, 0.2),
}
"""Name -> painter and how often it is seen, whatever the class."""


def confound(leaf: Leaf, random: Random) -> tuple[str, ...]:
    """Paint some of them; returns which."""
    chosen = [name for name, (_, share) in CONFOUNDERS.items() if random.random() < share]
    for name in chosen:
        CONFOUNDERS[name][0](leaf, random)
    return tuple(chosen)
