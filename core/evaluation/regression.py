"""Scores of predicted numbers."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from core.evaluation.interval import Interval, units_of
from core.evaluation.resampling import FEWEST, Resampler, Values, interval, mean_of
from core.evaluation.scores import Scores


def score_numbers(truth: ArrayLike, predicted: ArrayLike, *, units: list[str] | None = None) -> Scores:
    """Scores of N numbers; `units` as in `score_classes`. Raises ValueError for none."""
    actual, said = np.asarray(truth, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if not len(actual):
        raise ValueError("there are no pictures to score")
    resampler = Resampler(units_of(units or [""] * len(actual)))
    figures: dict[str, Interval | None] = {"mae": mean_of(np.abs(said - actual), resampler)}
    squared = mean_of((said - actual) ** 2, resampler)
    figures["rmse"] = None if squared is None else squared.through(sqrt)
    figures["r2"] = explained(actual, said, resampler)
    figures["bias"] = mean_of(said - actual, resampler)
    return Scores(count=len(actual), units=resampler.units.count, figures=figures)


def explained(truth: Values, predicted: Values, resampler: Resampler) -> Interval | None:
    """R squared: 1 is perfect, 0 is always saying the mean; None with fewer than 10 units or equal numbers."""
    if resampler.units.count < FEWEST or np.ptp(truth) == 0:
        return None
    centred = truth - truth.mean()
    columns = [(truth - predicted) ** 2, centred, centred**2, np.ones(len(truth))]
    error, first, second, weight = resampler.sums(columns).T
    samples = 1 - error / np.maximum(second - first**2 / weight, np.finfo(float).tiny)
    value = 1 - float(columns[0].sum() / columns[2].sum())
    return interval(value, samples, units=resampler.units.count)
