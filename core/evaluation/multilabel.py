"""Scores of predictions of several classes per picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.calibration import ReliabilityBin, calibration_error, reliability
from core.evaluation.classes import class_ranks, class_score
from core.evaluation.interval import Interval, Units, proportion, units_of
from core.evaluation.ranking import Ranked, mean_interval
from core.evaluation.resampling import Resampler, interval, mean_share
from core.evaluation.scores import Scores

OUTCOMES = ("found", "missed", "false alarm")
"""What the columns of a multi-label `Scores.cells` count."""
Flags = NDArray[np.bool_]


def flags(sets: Sequence[Sequence[int]], classes: int) -> Flags:
    """Sets of class positions as (N, K)."""
    table = np.zeros((len(sets), classes), dtype=bool)
    for row, members in enumerate(sets):
        table[row, list(members)] = True
    return table


def score_sets(
    truth: Sequence[Sequence[int]],
    predicted: Sequence[Sequence[int]],
    classes: int,
    *,
    probabilities: ArrayLike | None = None,
    units: list[str] | None = None,
) -> Scores:
    """Scores over classes 0..K-1 of N pictures, each with the set of its classes. Raises ValueError for none.

    probabilities  (N, K), each in [0, 1]; units as in `score_classes`
    """
    if not truth:
        raise ValueError("there are no pictures to score")
    there, said = flags(truth, classes), flags(predicted, classes)
    shares = None if probabilities is None else np.asarray(probabilities, dtype=np.float64)
    together = units_of(units or [""] * len(there))
    resampler = Resampler(together)
    ranks = [class_ranks(there[:, k], None if shares is None else shares[:, k], together) for k in range(classes)]
    bins: tuple[ReliabilityBin, ...] = ()
    figures = _figures(there, said, ranks, together, resampler)
    if shares is not None:
        sure, right, owners = shares.ravel(), there.ravel(), Units(np.repeat(together.codes, classes), together.count)
        figures["ece"] = calibration_error(sure, right, resampler.over(owners))
        figures["brier"] = mean_share(((there - shares) ** 2).mean(1), resampler)
        bins = reliability(sure, right, owners)
    cells = np.stack([there & said, there & ~said, said & ~there], axis=2).sum(0)
    return Scores(
        count=len(there),
        units=together.count,
        figures=figures,
        classes=tuple(class_score(there[:, k], said[:, k], together, ranks[k]) for k in range(classes)),
        cells=tuple(map(tuple, cells.tolist())),
        reliability=bins,
    )


def _figures(
    there: Flags,
    said: Flags,
    ranks: list[tuple[Ranked | None, Ranked | None]],
    units: Units,
    resampler: Resampler,
) -> dict[str, Interval | None]:
    figures: dict[str, Interval | None] = {"mean_ap": mean_interval([found for _, found in ranks if found], units)}
    figures |= f1_figures(there, said, resampler)
    figures["exact_match"] = proportion((there == said).all(1), units)
    figures["auroc"] = mean_interval([found for found, _ in ranks if found], units)
    return figures


def f1_figures(there: Flags, said: Flags, resampler: Resampler) -> dict[str, Interval | None]:
    """Macro F1 over the classes that have pictures, and micro F1 over all decisions.

    None where there is no class, and of few cases or groups.
    """
    if not there.any() or not resampler.enough:
        return {"macro_f1": None, "micro_f1": None}
    macro, micro = sample_f1(there, said, resampler)
    units = resampler.units.count
    right, either, present = (there & said).sum(0), there.sum(0) + said.sum(0), there.any(0)
    return {
        "macro_f1": interval(
            float((2 * right[present] / either[present]).mean()), macro, units=units, parts=int(present.sum())
        ),
        "micro_f1": interval(float(2 * right.sum() / either.sum()), micro, units=units),
    }


def sample_f1(there: Flags, said: Flags, resampler: Resampler) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Resampled macro and micro F1 (B,) each, with what was not seen but may be."""
    present = there.any(0)
    right, either = (there & said).astype(float), there.astype(float) + said
    sums = resampler.sums([*right.T, *either.T]).reshape(resampler.resamples, 2, -1)
    found, missed = resampler.doubt((sums.shape[2],)), resampler.doubt((sums.shape[2],))
    sums[:, 0] += found
    sums[:, 1] += 2 * found + missed
    macro = 2 * sums[:, 0, present] / sums[:, 1, present]
    return macro.mean(1), 2 * sums[:, 0].sum(1) / sums[:, 1].sum(1)
