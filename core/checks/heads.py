"""A linear head that answers for pictures it has not learnt from, and what that says of the way of splitting.

Evaluating on pictures of cases or places that were learnt from is too kind (Kapoor & Narayanan 2023, Leakage and the
reproducibility crisis, https://doi.org/10.1016/j.patter.2023.100804): the same head is scored with random folds, and
with folds that keep cases or groups together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from core.checks.folds import FOLDS, fold_of
from core.evaluation import Interval, score_classes

STRENGTH = 0.01
"""Inverse of the penalty, for standardised features."""
Values = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitScore:
    """Balanced accuracy of the head when `kept` ("pictures", "cases" or "groups") stay together."""

    kept: str
    interval: Interval


def out_of_fold(
    features: NDArray[np.float32],
    labels: Codes,
    units: Sequence[str],
    watch: Callable[[], None] = lambda: None,
) -> Values:
    """Probabilities (N, K) of each picture by a head that has seen none of its unit; labels are 0..K-1."""
    found = np.zeros((len(labels), int(labels.max()) + 1))
    folds = fold_of(labels, units)
    for fold in range(FOLDS):
        watch()
        held_out = folds == fold
        scaler = StandardScaler().fit(features[~held_out])
        head = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=500, tol=1e-3)
        head.fit(scaler.transform(features[~held_out]), labels[~held_out])
        found[np.ix_(np.flatnonzero(held_out), head.classes_)] = head.predict_proba(
            scaler.transform(features[held_out])
        )
    return found


def split_score(kept: str, probabilities: Values, labels: Codes, units: Sequence[str]) -> SplitScore | None:
    """What those out-of-fold answers come to; None with too few units to tell."""
    scores = score_classes(labels, probabilities.argmax(1), probabilities.shape[1], units=list(units))
    found = scores.figures["balanced_accuracy"]
    return None if found is None else SplitScore(kept=kept, interval=found)
