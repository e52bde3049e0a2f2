"""Outlines and veins of leaves, after several plants.

In leaf coordinates a leaf's blade begins at (0, 0) and ends at its tip (0, 1); x goes to the side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.demo.raster import Random

Points = npt.NDArray[np.float64]
"""(N, 2): x, y."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Species:
    """A kind of leaf. The half outline is either width * y^base * (1 - y)^tip, or `points` from base to tip.

    `teeth` is their number on each side, `tooth` their depth; `pairs` of side veins climb by `rise`;
    `parallel` veins run from base to tip, as in grasses; `lobes` are where a palmate leaf's main veins end.
    """

    name: str
    width: float = 0.25
    base: float = 0.7
    tip: float = 0.7
    points: tuple[tuple[float, float], ...] = ()
    teeth: int = 0
    tooth: float = 0.0
    pairs: int = 7
    rise: float = 0.16
    parallel: int = 0
    lobes: tuple[tuple[float, float], ...] = ()


SPECIES: tuple[Species, ...] = (
    Species(name="coffee", width=0.215, base=0.75, tip=0.85, pairs=8, rise=0.13),
    Species(name="apple", width=0.30, base=0.55, tip=0.75, teeth=26, tooth=0.010, pairs=7, rise=0.19),
    Species(name="peach", width=0.135, base=0.7, tip=0.95, teeth=34, tooth=0.005, pairs=11, rise=0.10),
    Species(name="bean", points=(
        (0.0, 0.04), (0.12, -0.03), (0.27, 0.02), (0.36, 0.16), (0.36, 0.32), (0.29, 0.52), (0.18, 0.73),
        (0.07, 0.91), (0.0, 1.0)), pairs=6, rise=0.24),
    Species(name="potato", width=0.31, base=0.6, tip=0.62, teeth=5, tooth=0.012, pairs=6, rise=0.17),
    Species(name="wheat", width=0.058, base=0.12, tip=0.55, parallel=9, pairs=0),
    Species(name="vine", points=(
        (0.0, 0.06), (0.10, -0.07), (0.27, -0.09), (0.40, 0.04), (0.37, 0.15), (0.50, 0.24), (0.55, 0.36),
        (0.44, 0.43), (0.33, 0.45), (0.42, 0.58), (0.41, 0.72), (0.27, 0.71), (0.17, 0.71), (0.15, 0.84), (0.0, 1.0)),
        teeth=24, tooth=0.016, pairs=5, rise=0.20,
        lobes=((0.38, 0.03), (0.53, 0.34), (0.40, 0.70))),
    Species(name="oak", points=(
        (0.0, 0.0), (0.05, 0.10), (0.14, 0.17), (0.12, 0.27), (0.22, 0.36), (0.15, 0.45), (0.30, 0.57), (0.19, 0.66),
        (0.29, 0.77), (0.17, 0.84), (0.13, 0.95), (0.0, 1.0)), pairs=5, rise=0.20),
)  # fmt: skip
"""Every outline the generator knows."""


def outline(species: Species, random: Random) -> tuple[Points, Points]:
    """The right and the left border from base to tip, each a little different, as in nature."""
    right, left = (_border(species, random) for _ in range(2))
    left[:, 0] *= -random.uniform(0.88, 1.08)
    return right, left


def _border(species: Species, random: Random) -> Points:
    if species.points:
        border = _curve(np.array(species.points), 160)
    else:
        y = np.linspace(0, 1, 160)
        peak = species.base / (species.base + species.tip)
        most = peak**species.base * (1 - peak) ** species.tip
        border = np.stack([species.width * y**species.base * (1 - y) ** species.tip / most, y], 1)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(border, axis=0).T))])
    along /= along[-1]
    direction = np.gradient(border, axis=0)
    normal = np.stack([direction[:, 1], -direction[:, 0]], 1)
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    fade = np.clip(np.minimum(along, 1 - along) * 8, 0, 1)[:, None]
    wave = sum(
        random.normal(0, 0.008 / order) * np.sin(2 * math.pi * (order * along + random.random())) for order in (1, 2, 4)
    )
    teeth = species.tooth * ((along * species.teeth) % 1.0 - 0.3) if species.teeth else 0.0
    moved: Points = border + normal * fade * np.reshape(wave + teeth, (-1, 1))
    return moved


def _curve(points: Points, count: int) -> Points:
    """A smooth line through the points (Catmull and Rom's spline)."""
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, len(points) - 1, count)
    index = np.minimum(t.astype(int), len(points) - 2)
    s = (t - index)[:, None]
    a, b, c, d = (ends[index + offset] for offset in range(4))
    bend, twist = 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
    curve: Points = 0.5 * (2 * b + (c - a) * s + bend * s**2 + twist * s**3)
    return curve


def veins(species: Species, right: Points, left: Points, random: Random) -> list[tuple[Points, float]]:
    """Lines and their thickness at the beginning, relative to the midrib's, which comes first."""
    found: list[tuple[Points, float]] = [(np.array([[0.0, -0.02], [0.0, 0.5], [0.0, 0.985]]), 1.0)]
    for number in range(1, species.parallel + 1):
        share = number / (species.parallel + 1)
        found += [(np.stack([border[:, 0] * share, border[:, 1]], 1), 0.35) for border in (right, left)]
    for x, y in species.lobes:
        for side in (1, -1):
            end = np.array([x * side, y]) * 0.97
            main = _bow(np.array([0.0, 0.05]), end, random.uniform(-0.05, 0.05))
            found.append((main, 0.7))
            found += [(twig, 0.3) for twig in _twigs(main, random)]
    for start in np.linspace(0.04, 0.80, species.pairs):
        for border, side in ((right, 1), (left, -1)):
            begin = float(start) + random.uniform(-0.025, 0.025)
            end = _reach(border, min(begin + species.rise * random.uniform(0.85, 1.15), 0.97))
            found.append((_bow(np.array([0.0, begin]), end * [0.96, 1.0], 0.06 * side), 0.45))
    return found


def _reach(border: Points, height: float) -> Points:
    """The border's point at this height."""
    near = np.abs(border[:, 1] - height) < 0.02
    chosen: Points = border[near][np.abs(border[near][:, 0]).argmax()] if near.any() else border[-1]
    return chosen


def _bow(begin: Points, end: Points, sag: float) -> Points:
    t = np.linspace(0, 1, 12)[:, None]
    across = np.array([end[1] - begin[1], begin[0] - end[0]])
    return begin + (end - begin) * t + across * (4 * sag * t * (1 - t))


def _twigs(main: Points, random: Random) -> Sequence[Points]:
    twigs = []
    along = main[-1] - main[0]
    across = np.array([along[1], -along[0]])
    for place in (3, 5, 7, 9):
        for side in (1, -1):
            end = main[place] + along * 0.16 + across * side * 0.16 * random.uniform(0.6, 1.1)
            twigs.append(_bow(main[place], end, 0.04 * side))
    return twigs
