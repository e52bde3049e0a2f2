"""Scores of predictions of one class, or one grade, per picture."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation import confusion
from core.evaluation.calibration import ReliabilityBin, calibration_error, reliability
from core.evaluation.classes import class_ranks, class_score
from core.evaluation.interval import Interval, proportion, units_of
from core.evaluation.ranking import mean_interval
from core.evaluation.resampling import Resampler, interval, mean_share
from core.evaluation.scores import Scores

Matrix = NDArray[np.float64]


def score_classes(
    truth: ArrayLike,
    predicted: ArrayLike,
    classes: int,
    *,
    probabilities: ArrayLike | None = None,
    units: list[str] | None = None,
    ordered: bool = False,
) -> Scores:
    """Scores over classes 0..K-1 of N pictures. Raises ValueError for none.

    probabilities  (N, K), rows sum to 1; without them there is no calibration and no ranking
    units          per picture what it belongs to (case or group), empty for itself
    ordered        whether the classes are grades
    """
    actual, said = np.asarray(truth, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    if not len(actual):
        raise ValueError("there are no pictures to score")
    shares = None if probabilities is None else np.asarray(probabilities, dtype=np.float64)
    together = units_of(units or [""] * len(actual))
    resampler = Resampler(together)
    right = actual == said
    ranks = [class_ranks(actual == k, None if shares is None else shares[:, k], together) for k in range(classes)]
    figures: dict[str, Interval | None] = {"accuracy": proportion(right, together)}
    figures |= confusion_figures(actual, said, classes, resampler, ordered=ordered)
    bins: tuple[ReliabilityBin, ...] = ()
    if shares is not None:
        confidence = shares[np.arange(len(said)), said]
        figures["auroc"] = mean_interval([found for found, _ in ranks if found], together)
        figures["ece"] = calibration_error(confidence, right, resampler)
        figures["brier"] = brier(np.eye(classes)[actual], shares, resampler)
        bins = reliability(confidence, right, together)
    return Scores(
        count=len(actual),
        units=together.count,
        figures=figures,
        classes=tuple(class_score(actual == k, said == k, together, ranks[k]) for k in range(classes)),
        cells=tuple(map(tuple, count_confusion(actual, said, classes).astype(int).tolist())),
        reliability=bins,
    )


def count_confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> Matrix:
    """Counts (K, K), truth as rows."""
    cells = np.bincount(truth * classes + predicted, minlength=classes**2)
    return cells.reshape(classes, classes).astype(np.float64)


def sample_confusion(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, resampler: Resampler
) -> Matrix:
    """Resampled confusion matrices (B, K, K): of the rows that have pictures, with what was not seen but may be."""
    counts = resampler.counts(truth * classes + predicted, classes**2).reshape(-1, classes, classes)
    present = np.flatnonzero(np.bincount(truth, minlength=classes))
    counts[:, present, present] += resampler.doubt((len(present),))
    if classes > 1:
        wrong = (1 - np.eye(classes))[present] / (classes - 1)
        counts[:, present] += resampler.doubt((len(present),))[..., None] * wrong
    return counts


def confusion_figures(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, resampler: Resampler, *, ordered: bool
) -> dict[str, Interval | None]:
    """What follows from the confusion matrix beside the accuracy.

    None of few cases or groups; means over classes need two with pictures.
    """
    whole = count_confusion(truth, predicted, classes)
    samples = sample_confusion(truth, predicted, classes, resampler)
    parts, units = int((whole.sum(1) > 0).sum()), resampler.units.count
    wanted = {"balanced_accuracy": confusion.balanced_accuracy, "macro_f1": confusion.macro_f1}
    if ordered:
        wanted |= {
            "quadratic_kappa": confusion.quadratic_kappa,
            "grades_off": confusion.grades_off,
            "within_one": confusion.within_one,
        }
    return {
        name: interval(float(score(whole)), score(samples), units=units, parts=parts)
        if resampler.enough and (parts > 1 or name in ("grades_off", "within_one"))
        else None
        for name, score in wanted.items()
    }


def brier(truth: Matrix, shares: Matrix, resampler: Resampler) -> Interval | None:
    """Half the mean squared distance of the probabilities (N, K) from the truth (N, K): 0 best, 1 worst."""
    return mean_share(((truth - shares) ** 2).sum(1) / 2, resampler)
