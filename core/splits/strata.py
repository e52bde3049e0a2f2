"""What must be spread evenly over the splits and folds: classes, or fifths of the numbers."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

NUMBER_STRATA = 5


def class_strata(classes: Sequence[Sequence[int]]) -> list[str]:
    """Each picture's rarest class, or "none"."""
    counts = Counter(item for picture in classes for item in picture)
    return [str(min(picture, key=lambda item: (counts[item], item), default="none")) for picture in classes]


def number_strata(numbers: Sequence[float]) -> list[str]:
    """Which fifth of all numbers each belongs to."""
    values = np.array(numbers, dtype=float)
    edges = np.quantile(values, np.linspace(0, 1, NUMBER_STRATA + 1)[1:-1])
    return [str(fifth) for fifth in np.searchsorted(edges, values, side="right")]
