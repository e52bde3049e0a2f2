"""Folds for cross-validation: stratified, never through a case or a group, and as often as asked for."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

CHOOSING = 5
"""One in so many of the pictures that are not judged chooses the epoch."""

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


def _split(
    positions: Positions, strata: Sequence[str], names: NDArray[np.str_], folds: int, seed: int
) -> list[tuple[Positions, Positions]]:
    """Pairs (most, one fold) of these positions."""
    chosen, units = np.array(strata)[positions], names[positions]
    kinds = StratifiedKFold if len(set(units.tolist())) == len(units) else StratifiedGroupKFold
    with warnings.catch_warnings():
        # A class with fewer pictures than folds is missing from some of them, which the scores allow for.
        warnings.simplefilter("ignore", UserWarning)
        try:
            pairs = list(kinds(folds, shuffle=True, random_state=seed).split(positions, chosen, units))
        except ValueError:
            if kinds is StratifiedGroupKFold or len(positions) < folds:
                raise
            # Every class is smaller than the number of folds: no stratum can be spread.
            alike = np.zeros(len(positions))
            pairs = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(positions, alike))
    return [(positions[most], positions[one]) for most, one in pairs]
