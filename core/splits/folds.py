"""Folds and random splits for cross-validation: stratified, never through a case or a group, as often as asked for."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHOOSING = 5
"""One in so many of the pictures that are not judged chooses the epoch."""

JUDGED = 5
"""One in so many of the pictures, cases or groups is judged in each random split."""

Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions of pictures: to learn from, to choose the epoch by, and to judge by. Together they are all."""

    learn: Positions
    choose: Positions
    judge: Positions


def make_folds(strata: Sequence[str], units: Sequence[str], folds: int, repeats: int = 1, seed: int = 0) -> list[Fold]:
    """`folds` x `repeats` folds of pictures with these strata; pictures of one unit stay together ("" stands alone).

    In each repeat every picture is judged once. What chooses the epoch is apart from what is judged, so that the
    judgement is not flattered. Raises ValueError for fewer units than folds.
    """
    names = np.array([unit or f"\0{index}" for index, unit in enumerate(units)])
    found = []
    for repeat in range(repeats):
        everything = np.arange(len(names))
        for rest, judge in _split(everything, strata, names, folds, seed + repeat):
            parts = min(CHOOSING, len(set(names[rest].tolist())))
            learn, choose = _split(rest, strata, names, parts, seed + repeat)[0]
            found.append(Fold(learn, choose, judge))
    return found


def shuffle_splits(strata: Sequence[str], units: Sequence[str], count: int, seed: int = 0) -> list[Fold]:
    """`count` random splits, each drawn anew: a fifth of the units is judged, classes in proportion.

    Unlike in folds a picture may be judged several times, or never; in return there may be many splits of large parts.
    A unit counts for its commonest stratum. Raises ValueError for fewer than five units.
    """
    names = np.array([unit or f"\0{index}" for index, unit in enumerate(units)])
    known, members = np.unique(names, return_inverse=True)
    if len(known) < JUDGED:
        raise ValueError(f"random splits need at least {JUDGED} units, not {len(known)}")
    kinds = [Counter(np.array(strata)[members == unit].tolist()).most_common(1)[0][0] for unit in range(len(known))]
    found = []
    for number, judged in enumerate(_drawn(kinds, count, seed)):
        inside = np.isin(members, judged)
        judge, rest = np.flatnonzero(inside), np.flatnonzero(~inside)
        parts = min(CHOOSING, len(known) - len(judged))
        learn, choose = _split(rest, strata, names, parts, seed + number)[0]
        found.append(Fold(learn, choose, judge))
    return found


def _drawn(kinds: Sequence[str], count: int, seed: int) -> list[Positions]:
    """Which units are judged in each split."""
    from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit  # only here: it takes a while to load

    units = np.arange(len(kinds))
    try:
        splits = StratifiedShuffleSplit(count, test_size=1 / JUDGED, random_state=seed).split(units, kinds)
        return [judged for _, judged in splits]
    except ValueError:  # a stratum of one unit, or more strata than are judged: none can be spread
        return [judged for _, judged in ShuffleSplit(count, test_size=1 / JUDGED, random_state=seed).split(units)]


def _split(
    positions: Positions, strata: Sequence[str], names: NDArray[np.str_], folds: int, seed: int
) -> list[tuple[Positions, Positions]]:
    """Pairs (most, one fold) of these positions."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    chosen, units = np.array(strata)[positions], names[positions]
    kinds = StratifiedKFold if len(set(units.tolist())) == len(units) else StratifiedGroupKFold
    with warnings.catch_warnings():
        # A class with fewer pictures than folds is missing from some of them, which the scores allow for.
        warnings.simplefilter("ignore", UserWarning)
        try:
            pairs = list(kinds(folds, shuffle=True, random_state=seed).split(positions, chosen, units))
        except ValueError:
            if kinds is StratifiedGroupKFold:
                raise
            # Every class is smaller than the number of folds: no stratum can be spread. Too few pictures are refused.
            alike = np.zeros(len(positions))
            pairs = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(positions, alike))
    return [(positions[most], positions[one]) for most, one in pairs]
