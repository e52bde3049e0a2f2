"""Pairs of pictures that are the same one, saved again or at another size.

Candidates come from multi-index hashing (Norouzi, Punjani & Fleet 2012, https://arxiv.org/abs/1307.2982): of two
64-bit hashes that differ in at most 7 bits, one of four 16-bit bands differs in at most one. So each band is looked
up as it is and with each of its bits turned, instead of comparing all with all. Every candidate is then confirmed on
the pictures themselves, because hashes of different leaves on one cloth, or of two chests, can be alike.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

RADIUS = 7
BANDS, BAND_BITS = 4, 16
CHUNK, PART = 2_000_000, 4096
MOST_ALIKE = 16
"""Of pictures with one hash, by the thousand, each is compared with that many neighbours in brightness."""

SIDE = 24
ALIKE, DETAIL = 0.95, 0.83
"""Least correlation of two pictures of SIDE x SIDE, and of what is left of them without their coarse shading.

Copies of chest pictures at 30 to 100% of their size lie clearly above both; copies of very small pictures (64 x 48
pixels) fell to 0.91 and 0.52, so such copies can be missed.
"""
SHAPE = 0.04
"""Largest difference of their proportions, as a share."""
FLAT = 2.0
"""A standard deviation, of 255 grey levels, below which a picture is blank."""

Codes = NDArray[np.int64]


def near_duplicates(hashes: NDArray[np.uint64], pictures: NDArray[np.uint8], proportions: NDArray[np.float64]) -> Codes:
    """Pairs (P, 2) of positions, the smaller first, in order. Blank pictures are nobody's duplicate.

    hashes       (N,) difference hashes
    pictures     (N, SIDE, SIDE) grey
    proportions  (N,) width by height
    """
    shown = np.flatnonzero(pictures.std((1, 2)) >= FLAT)
    hashes, pictures, proportions = hashes[shown], pictures[shown], proportions[shown]
    found: list[Codes] = [np.empty((0, 2), np.int64)]
    for pairs in _candidates(hashes, pictures.mean((1, 2))):
        fitting = pairs[np.abs(np.log(proportions[pairs[:, 0]] / proportions[pairs[:, 1]])) <= SHAPE]
        for start in range(0, len(fitting), PART):
            some = fitting[start : start + PART]
            found.append(some[same_picture(pictures[some[:, 0]], pictures[some[:, 1]])])
    return shown[np.unique(np.concatenate(found), axis=0)]


def spare_copies(pairs: Codes, order: Sequence[int]) -> dict[int, int]:
    """Which pictures of `pairs` (P, 2) can go, and the one of which each is a copy: that one stays.

    `order` holds each position once, those that had rather stay first. A picture goes only if it is the same as one
    that stays, so that of a chain of pictures that change little by little more than one does.
    """
    same = defaultdict[int, list[int]](list)
    for first, second in pairs.tolist():
        same[first].append(second)
        same[second].append(first)
    spare: dict[int, int] = {}
    for stays in order:
        if stays not in spare:
            spare |= {copy: stays for copy in same[stays] if copy not in spare}
    return spare


def same_picture(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether pictures (N, SIDE, SIDE) show the same, whatever their brightness and contrast."""
    alike = np.zeros(len(first), bool)
    a, b = first.astype(np.float32), second.astype(np.float32)
    close = np.flatnonzero(_correlation(a, b) >= ALIKE)
    a, b = a[close], b[close]
    alike[close] = _correlation(a - _shading(a), b - _shading(b)) >= DETAIL
    return alike


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    a, b = a - a.mean((1, 2), keepdims=True), b - b.mean((1, 2), keepdims=True)
    size = np.sqrt((a * a).sum((1, 2)) * (b * b).sum((1, 2)))
    found: NDArray[np.float32] = (a * b).sum((1, 2)) / np.maximum(size, 1e-6)
    return found


def _shading(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the 5 x 5 pixels around each."""
    side = pictures.shape[1]
    padded = np.pad(pictures, ((0, 0), (2, 2), (2, 2)), mode="edge")
    rows = sum((padded[:, step : step + side] for step in range(1, 5)), padded[:, :side])
    return sum((rows[:, :, step : step + side] for step in range(1, 5)), rows[:, :, :side]) / np.float32(25)


def _candidates(hashes: NDArray[np.uint64], brightness: NDArray[np.float64]) -> Iterator[Codes]:
    """Pairs (P, 2) of positions whose hashes differ in RADIUS bits or less, some of them more than once."""
    order = np.lexsort((brightness, hashes))
    kinds, starts, counts = np.unique(hashes[order], return_index=True, return_counts=True)
    for step in range(1, min(int(counts.max(initial=1)), MOST_ALIKE + 1)):
        first = np.flatnonzero(hashes[order][step:] == hashes[order][:-step])
        yield np.sort(np.stack([order[first], order[first + step]], 1), 1)
    for pairs in _close(kinds):
        yield from _members(pairs, order, starts, np.minimum(counts, MOST_ALIKE))


def _close(kinds: NDArray[np.uint64]) -> Iterator[Codes]:
    """Pairs of positions of different hashes (U,) that are close."""
    flips = np.array([0, *(1 << bit for bit in range(BAND_BITS))], dtype=np.uint64)
    for band in range(BANDS):
        keys = (kinds >> np.uint64(band * BAND_BITS)) & np.uint64(2**BAND_BITS - 1)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        for flip in flips:
            wanted = keys ^ flip
            low, high = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
            for first, position in _ranges(low, high):
                second = order[position]
                chosen = first < second
                first, second = first[chosen], second[chosen]
                near = np.bitwise_count(kinds[first] ^ kinds[second]) <= RADIUS
                if near.any():
                    yield np.stack([first[near], second[near]], 1)


def _ranges(low: Codes, high: Codes) -> Iterator[tuple[Codes, Codes]]:
    """Every (index, position) with low[index] <= position < high[index], in parts that fit into memory."""
    totals = np.cumsum(high - low)
    start = 0
    while start < len(low):
        before = int(totals[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(totals, before + CHUNK, "right")))
        counts = (high - low)[start:stop]
        index = np.repeat(np.arange(start, stop), counts)
        inside = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield index, low[index] + inside
        start = stop


def _members(pairs: Codes, order: Codes, starts: Codes, counts: Codes) -> Iterator[Codes]:
    """Pairs of pictures for pairs of hashes."""
    width = counts[pairs[:, 1]]
    for first, inside in _ranges(np.zeros(len(pairs), np.int64), counts[pairs[:, 0]] * width):
        a = order[starts[pairs[first, 0]] + inside // width[first]]
        b = order[starts[pairs[first, 1]] + inside % width[first]]
        yield np.sort(np.stack([a, b], 1), 1)
