"""Scores of confusion matrices (..., K, K), truth as rows: one matrix or a thousand resampled ones at once.

Means run over the classes that have pictures. Entries may be weights.
"""

import numpy as np
from numpy.typing import NDArray

Matrices = NDArray[np.float64]
Values = NDArray[np.float64]


def balanced_accuracy(matrices: Matrices) -> Values:
    """The mean recall."""
    support = matrices.sum(-1)
    return _mean_present(_diagonal(matrices) / _safe(support), support)


def macro_f1(matrices: Matrices) -> Values:
    """The mean of the classes' F1."""
    support = matrices.sum(-1)
    return _mean_present(2 * _diagonal(matrices) / _safe(support + matrices.sum(-2)), support)


def quadratic_kappa(matrices: Matrices) -> Values:
    """Agreement of grades beyond chance (Cohen 1968, https://doi.org/10.1037/h0026256); 0 where nothing varies."""
    distance = _distances(matrices.shape[-1]) ** 2.0
    chance = (
        np.einsum("...i,...j->...ij", matrices.sum(-1), matrices.sum(-2))
        / _safe(matrices.sum((-2, -1)))[..., None, None]
    )
    expected = (chance * distance).sum((-2, -1))
    return np.where(expected > 0, 1 - (matrices * distance).sum((-2, -1)) / _safe(expected), 0.0)


def grades_off(matrices: Matrices) -> Values:
    """The mean number of grades between truth and prediction."""
    return _mean(matrices, _distances(matrices.shape[-1]))


def within_one(matrices: Matrices) -> Values:
    """The share at most one grade off."""
    near = (_distances(matrices.shape[-1]) <= 1).astype(np.float64)
    return _mean(matrices, near)


def _distances(classes: int) -> Values:
    grades = np.arange(classes, dtype=np.float64)
    return np.abs(grades[:, None] - grades[None, :])


def _mean(matrices: Matrices, cost: Values) -> Values:
    total = (matrices * cost).sum((-2, -1))
    return np.asarray(total / _safe(matrices.sum((-2, -1))))


def _diagonal(matrices: Matrices) -> Values:
    return np.diagonal(matrices, axis1=-2, axis2=-1)


def _safe(values: Values) -> Values:
    return np.where(values > 0, values, 1.0)


def _mean_present(values: Values, support: Values) -> Values:
    present = support > 0
    return np.asarray(np.where(present, values, 0.0).sum(-1) / np.maximum(present.sum(-1), 1))
