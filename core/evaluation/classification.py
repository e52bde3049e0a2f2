"""Scores of single-label predictions: scikit-learn's metrics with Wilson's intervals for proportions."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """A value in [0, 1] and where it lies with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class. Precision is None when it was never said, recall when it has no picture."""

    precision: Interval | None
    recall: Interval | None
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of N pictures; `confusion` (K, K) counts with truth as rows."""

    count: int
    accuracy: Interval
    balanced_accuracy: float
    macro_f1: float
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]


def wilson(hits: int, total: int) -> Interval | None:
    """Wilson's 95 % interval of a proportion (https://doi.org/10.1080/01621459.1927.10502953); None for no trials."""
    if total == 0:
        return None
    share, square = hits / total, Z95**2
    centre = (share + square / (2 * total)) / (1 + square / total)
    reach = Z95 / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total**2))
    return Interval(share, max(0.0, centre - reach), min(1.0, centre + reach))


def score_classes(truth: Sequence[int], predicted: Sequence[int], classes: int) -> Scores:
    """Scores over classes 0..K-1; means run over the classes that have pictures. Raises ValueError for no pictures."""
    labels = list(range(classes))
    matrix = confusion_matrix(truth, predicted, labels=labels)
    _, recall, f1, support = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    said, present = matrix.sum(0), support > 0
    accuracy = wilson(int(np.trace(matrix)), int(matrix.sum()))
    if accuracy is None:
        raise ValueError("there are no pictures to score")
    return Scores(
        count=int(matrix.sum()),
        accuracy=accuracy,
        balanced_accuracy=float(recall[present].mean()),
        macro_f1=float(f1[present].mean()),
        classes=tuple(
            ClassScore(
                wilson(int(matrix[index, index]), int(said[index])),
                wilson(int(matrix[index, index]), int(support[index])),
                float(f1[index]),
                int(support[index]),
            )
            for index in labels
        ),
        confusion=tuple(tuple(int(value) for value in row) for row in matrix),
    )
