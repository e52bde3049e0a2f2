"""Pairs of pictures of which one is the other mirrored, turned, or cut out of it: what a perceptual hash does not see.

Every picture, small and turned, is compared with every window of every other picture (normalised correlation of grey
levels, all in a few matrix products). The best candidates are then aligned on larger copies (Lewis 1995, Fast
Normalized Cross-Correlation, http://scribblethink.org/Work/nvisionInterface/nip.html), and must agree in shading and in
details as any other pair must. Features of a network were tried instead: of thirty mirrored leaves the bundled network
had the original as nearest neighbour of two, of thirty cut to 80% of none.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import fftconvolve

from core.checks.near import FLAT, SIDE, same_picture

Codes = NDArray[np.int64]
Greys = NDArray[np.uint8]

MOST_CUT, MOST_TURNED = 2500, 20_000
"""Pictures among which cut copies, and mirrored or turned ones, are looked for: each is compared with every other, and
with more of them it would take too long."""
CELL = 12
GRIDS = (12, 13, 15, 18, 24)
"""Pixels a side of the pictures in which windows of CELL pixels are looked at: parts from all to half of the side."""
LIKELY, BEST = 0.88, 3
"""Correlation from which a pair is looked at closely, and how many of them per picture."""
FINE = 64
STRETCH = np.linspace(0.87, 1.14, 9)
"""Sizes around a window's that are tried on larger copies."""
CHUNK = 20_000_000


def turned(pictures: Greys, turn: int) -> Greys:
    """Pictures (N, S, S) in one of eight ways: 0 as they are, 4 mirrored; the others turned by quarters."""
    flipped = pictures[:, :, ::-1] if turn >= 4 else pictures
    return np.rot90(flipped, turn % 4, (1, 2))


def part_candidates(
    greys: Greys, watch: Callable[[float], None] = lambda done: None, *, cut: bool = True
) -> list[tuple[int, int, int, int]]:
    """(part, whole, turn, grid) of pictures (N, SIDE, SIDE) that may be one in the other; blank ones never are.

    Without `cut` only whole pictures are compared, turned and mirrored, which takes a sixtieth of the time.
    """
    count, grids = len(greys), GRIDS if cut else (CELL,)
    shown = greys.std((1, 2)) >= FLAT
    templates = [_unit(_small(turned(greys, turn), CELL).reshape(count, -1)) for turn in range(8)]
    small = {grid: _small(greys, grid) for grid in grids}
    # Of each part the BEST wholes so far: correlation, position, and how.
    best = [np.full((count, BEST), fill, kind) for fill, kind in ((0, np.float32), (0, np.int64), (0, np.int64))]
    step = max(1, CHUNK // (count * (max(grids) - CELL + 1) ** 2))  # all correlations of a step fit into memory
    for start in range(0, count, step):
        watch(start / count)
        rows = slice(start, start + step)
        score, how = np.zeros((len(greys[rows]), count), np.float32), np.zeros((len(greys[rows]), count), np.int64)
        for grid in grids:
            windows = _windows(small[grid][rows])
            # Seldom is a picture both turned by a quarter and cut.
            for turn in range(8) if grid == CELL else (0, 4):
                found = (windows.reshape(-1, CELL * CELL) @ templates[turn].T).reshape(len(score), -1, count).max(1)
                better = found > score
                score[better], how[better] = found[better], 8 * grid + turn
        score[~shown[rows]], score[:, ~shown] = 0, 0
        score[np.arange(len(score)), np.arange(count)[rows]] = 0
        _keep_best(best, score, how, start)
    scores, wholes, hows = best
    return [
        (part, int(wholes[part, k]), int(hows[part, k]) % 8, int(hows[part, k]) // 8)
        for part in range(count)
        for k in range(BEST)
        if scores[part, k] >= LIKELY
    ]


def _keep_best(best: list[NDArray[np.generic]], score: NDArray[np.float32], how: Codes, start: int) -> None:
    """Take wholes (n, N) from `start` on among the best (N, BEST) of each part, the most alike first."""
    places = np.broadcast_to(np.arange(start, start + len(score)), score.T.shape)
    found: tuple[NDArray[np.generic], ...] = (score.T, places, how.T)
    several = [np.concatenate((kept, new), 1) for kept, new in zip(best, found, strict=True)]
    order = np.argsort(-several[0], axis=1, kind="stable")[:, :BEST]
    for kept, values in zip(best, several, strict=True):
        kept[:] = np.take_along_axis(values, order, 1)


def is_part(part: Greys, whole: Greys, grid: int) -> bool:
    """Whether one picture (FINE, FINE) is the other, or cut out of it at about the size that the grid stands for."""
    sides = sorted({min(FINE, round(FINE * CELL / grid * stretch)) for stretch in STRETCH})
    best = max((_place(part, whole, side) for side in sides), key=lambda item: item[0])
    _, side, top, left = best
    window = whole[top : top + side, left : left + side]
    return bool(same_picture(_small(part[None], SIDE), _small(window[None], SIDE))[0])


def _place(part: Greys, whole: Greys, side: int) -> tuple[float, int, int, int]:
    """Best correlation of `part` at that size anywhere in `whole`: it, the size, and where."""
    template = _small(part[None], side)[0].astype(np.float32)
    template -= template.mean()
    ground = whole.astype(np.float32) - float(whole.mean())
    product = fftconvolve(ground, template[::-1, ::-1], mode="valid")
    total, squares = _boxes(ground, side), _boxes(ground**2, side)
    spread = np.sqrt(np.maximum(squares - total**2 / side**2, 1e-3) * max(float((template**2).sum()), 1e-3))
    found = product / spread
    top, left = np.unravel_index(int(found.argmax()), found.shape)
    return float(found.max()), side, int(top), int(left)


def _boxes(values: NDArray[np.float32], side: int) -> NDArray[np.float64]:
    sums = np.pad(values.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    boxes: NDArray[np.float64] = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return boxes


def _windows(pictures: Greys) -> NDArray[np.float32]:
    """Normalised windows (n, P, CELL * CELL) of pictures (n, G, G)."""
    found = np.lib.stride_tricks.sliding_window_view(pictures, (CELL, CELL), (1, 2))
    return _unit(found.reshape(len(pictures), -1, CELL * CELL))


def _unit(values: NDArray[np.generic]) -> NDArray[np.float32]:
    centred = values.astype(np.float32) - values.mean(-1, keepdims=True, dtype=np.float32)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1.0), np.float32)


def _small(pictures: Greys, side: int) -> Greys:
    if pictures.shape[1] == side:
        return np.ascontiguousarray(pictures)
    kind = Image.Resampling.BOX if pictures.shape[1] % side == 0 else Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(item).resize((side, side), kind)) for item in pictures])
