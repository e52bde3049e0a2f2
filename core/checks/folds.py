"""Dividing pictures for cross-validation, so that what belongs together never stands on both sides."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

FOLDS = 5
Codes = NDArray[np.int64]


def units_per_class(classes: Codes, units: Sequence[str]) -> dict[int, int]:
    """In how many independent units (cases, groups, single pictures) each class occurs; empty names are single."""
    pairs = {(int(k), unit or f"\0{index}") for index, (k, unit) in enumerate(zip(classes, units, strict=True))}
    return {k: sum(1 for other, _ in pairs if other == k) for k in set(classes.tolist())}


def fold_of(classes: Codes, units: Sequence[str], *, seed: int = 0) -> Codes:
    """The fold (N,) of every picture, 0..FOLDS-1, stratified by class; a unit lies in one fold."""
    names = [unit or f"\0{index}" for index, unit in enumerate(units)]
    grouped = len(set(names)) < len(names)
    kind = StratifiedGroupKFold if grouped else StratifiedKFold
    splitter = kind(FOLDS, shuffle=True, random_state=seed)
    folds = np.empty(len(classes), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class with fewer pictures than folds is judged by those it has
        for fold, (_, held_out) in enumerate(splitter.split(classes, classes, names if grouped else None)):
            folds[held_out] = fold
    return folds
