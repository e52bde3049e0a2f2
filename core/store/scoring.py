"""From stored predictions to scores: the one place that knows which fields each task uses."""

from collections.abc import Sequence

import numpy as np

from core.evaluation import Difference, Scores, flags, score_classes, score_numbers, score_sets, units_of
from core.evaluation.comparison import compare_classes, compare_numbers, compare_right, compare_sets
from core.store.predictions import PredictionRecord
from core.store.versions import VersionRecord
from core.types import ImageId, Task


def usable(task: Task, records: Sequence[PredictionRecord]) -> list[PredictionRecord]:
    """The records that hold both a truth and a prediction."""
    pairs = {
        Task.SINGLE: ("truth_index", "predicted_index"),
        Task.ORDINAL: ("truth_index", "predicted_index"),
        Task.MULTI: ("truth_set", "predicted_set"),
        Task.REGRESSION: ("truth_number", "predicted_number"),
    }[task]
    return [item for item in records if all(getattr(item, name) is not None for name in pairs)]


def units(version: VersionRecord, records: Sequence[PredictionRecord]) -> list[str]:
    """What each picture counts with: out of fold what its fold left out whole, else its case, its group or nothing."""
    names = {item.image_id: item.unit for item in version.items}
    names |= zip((item.image_id for item in version.pool), version.pool_units, strict=True)
    return [names.get(item.image_id or ImageId(0), "") for item in records]


def score(version: VersionRecord, records: Sequence[PredictionRecord]) -> Scores:
    """Scores of usable records. Raises ValueError for none."""
    classes, together = len(version.classes), units(version, records)
    if version.task is Task.REGRESSION:
        return score_numbers(_numbers(records, "truth"), _numbers(records, "predicted"), units=together)
    shares = [item.probabilities for item in records]
    known = np.array(shares, dtype=np.float64) if all(shares) else None
    if version.task is Task.MULTI:
        truth, predicted = _sets(records, "truth"), _sets(records, "predicted")
        return score_sets(truth, predicted, classes, probabilities=known, units=together)
    return score_classes(
        _positions(records, "truth"),
        _positions(records, "predicted"),
        classes,
        probabilities=known,
        units=together,
        ordered=version.task is Task.ORDINAL,
    )


def differences(
    version: VersionRecord, first: Sequence[PredictionRecord], second: Sequence[PredictionRecord]
) -> list[Difference]:
    """Second minus first, of usable records of the same images in the same order."""
    classes, together = len(version.classes), units_of(units(version, first))
    if version.task is Task.REGRESSION:
        truth, before, after = (
            _numbers(first, "truth"),
            _numbers(first, "predicted"),
            _numbers(second, "predicted"),
        )
        return compare_numbers(np.array(truth), np.array(before), np.array(after), together)
    if version.task is Task.MULTI:
        there, said, now = (
            flags(_sets(records, side), classes)
            for records, side in ((first, "truth"), (first, "predicted"), (second, "predicted"))
        )
        exact = compare_right("exact_match", (said == there).all(1), (now == there).all(1), together)
        return [*compare_sets(there, said, now, together), exact]
    truth_, before_, after_ = (
        np.array(_positions(records, side))
        for records, side in ((first, "truth"), (first, "predicted"), (second, "predicted"))
    )
    figures = ["balanced_accuracy", "macro_f1"]
    if version.task is Task.ORDINAL:
        figures += ["quadratic_kappa", "grades_off"]
    right = compare_right("accuracy", before_ == truth_, after_ == truth_, together)
    return [right, *compare_classes(truth_, before_, after_, classes, together, figures)]


def _positions(records: Sequence[PredictionRecord], side: str) -> list[int]:
    return [int(getattr(item, f"{side}_index")) for item in records]


def _sets(records: Sequence[PredictionRecord], side: str) -> list[list[int]]:
    return [list(getattr(item, f"{side}_set")) for item in records]


def _numbers(records: Sequence[PredictionRecord], side: str) -> list[float]:
    return [float(getattr(item, f"{side}_number")) for item in records]
