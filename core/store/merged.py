"""What a model says of classes that have become one since it learnt."""

from collections.abc import Sequence
from dataclasses import replace

from core.store.predictions import PredictionRecord


def as_merged(record: PredictionRecord, counted_as: Sequence[int]) -> PredictionRecord:
    """The record with each class counted as that of `counted_as` (K,); with none given, as it is.

    Of one class per picture the probabilities of what has become one are added; of several, the largest counts.
    """
    if not counted_as:
        return record
    shares = record.probabilities
    if shares is not None:
        folded = [0.0] * len(shares)
        for index, value in enumerate(shares):
            place = counted_as[index]
            folded[place] = max(folded[place], value) if record.predicted_set is not None else folded[place] + value
        shares = folded
    said = _one(record.predicted_index, counted_as)
    return replace(
        record,
        truth_index=_one(record.truth_index, counted_as),
        truth_set=_several(record.truth_set, counted_as),
        predicted_index=said,
        predicted_set=_several(record.predicted_set, counted_as),
        confidence=shares[said] if shares is not None and said is not None else record.confidence,
        probabilities=shares,
    )


def _one(index: int | None, counted_as: Sequence[int]) -> int | None:
    return None if index is None else counted_as[index]


def _several(found: Sequence[int] | None, counted_as: Sequence[int]) -> list[int] | None:
    return None if found is None else sorted({counted_as[index] for index in found})
