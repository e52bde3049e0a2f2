"""From logits to what a model says."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.catalogue import ModelCard
from core.types import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says of one picture; fields that the task does not have are None.

    index          single: the likeliest class; ordinal: the median grade of the probabilities, which has the
                   smallest expected error in grades
    classes        multi: positions of the classes whose probability reaches their threshold
    number         regression: the number, in its own unit
    confidence     single and ordinal: the answer's probability; multi: the least certain class's certainty
    probabilities  (K,) in [0, 1]; single and ordinal sum to 1
    """

    index: int | None = None
    classes: tuple[int, ...] | None = None
    number: float | None = None
    confidence: float | None = None
    probabilities: tuple[float, ...] | None = None


def probabilities(card: ModelCard, logits: Tensor) -> Tensor:
    """(N, K) in [0, 1], with the card's temperature (https://arxiv.org/abs/1706.04599)."""
    scaled = logits.float() / card.temperature
    return torch.sigmoid(scaled) if card.task is Task.MULTI else torch.softmax(scaled, 1)


def answers(card: ModelCard, logits: Tensor) -> list[Answer]:
    """One answer for each row of logits (N, K)."""
    if card.task is Task.REGRESSION:
        return [Answer(number=float(value) * card.number_std + card.number_mean) for value in logits[:, 0]]
    shares = probabilities(card, logits)
    rows: list[list[float]] = shares.tolist()
    if card.task is Task.MULTI:
        thresholds = card.thresholds or (0.5,) * len(card.classes)
        return [_several(row, thresholds) for row in rows]
    indices = median_grade(shares) if card.task is Task.ORDINAL else shares.argmax(1)
    return [
        Answer(index=index, confidence=row[index], probabilities=tuple(row))
        for index, row in zip(indices.tolist(), rows, strict=True)
    ]


def median_grade(shares: Tensor) -> Tensor:
    """Of probabilities (N, K) the grade (N,) at which their running sum reaches one half."""
    reached = shares.cumsum(1) >= 0.5
    reached[:, -1] = True  # a sum of 0.49999 in all
    return reached.int().argmax(1)


def _several(row: Sequence[float], thresholds: Sequence[float]) -> Answer:
    pairs = list(zip(row, thresholds, strict=True))
    said = tuple(index for index, (share, threshold) in enumerate(pairs) if share >= threshold)
    certainty = min(share if share >= threshold else 1 - share for share, threshold in pairs)
    return Answer(classes=said, confidence=certainty, probabilities=tuple(row))
