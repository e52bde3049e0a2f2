"""The images behind a number, and which of them belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.store import current
from core.store.predictions import PredictionRecord
from core.store.versions import VersionRecord
from core.types import ClassId, ImageId, ImageState


@dataclass(frozen=True, slots=True, kw_only=True)
class BehindView:
    """An image behind a number: what it was labelled in the version, what the model said, and its label now.

    `number`, `classes`, `state` and `flagged` are as they stand now; `truth` and `said` are words.
    """

    image_id: ImageId
    blob: str
    name: str
    truth: str
    said: str
    confidence: float | None
    probabilities: tuple[float, ...]
    truth_number: float | None
    said_number: float | None
    classes: tuple[ClassId, ...]
    number: float | None
    state: ImageState
    flagged: bool


def behind(session: Session, version: VersionRecord, said: Sequence[PredictionRecord]) -> list[BehindView]:
    """These predictions with their images as they are now; deleted images are left out."""
    now = current.read_current(session, [item.image_id for item in said if item.image_id is not None])
    return [
        BehindView(
            image_id=image.id,
            blob=image.blob,
            name=image.name,
            truth=_words(version, item.truth_index, item.truth_set, item.truth_number),
            said=_words(version, item.predicted_index, item.predicted_set, item.predicted_number),
            confidence=item.confidence,
            probabilities=tuple(item.probabilities or ()),
            truth_number=item.truth_number,
            said_number=item.predicted_number,
            classes=image.classes,
            number=image.number,
            state=image.state,
            flagged=image.flagged,
        )
        for item in said
        if (image := now.get(item.image_id or ImageId(0))) is not None
    ]


def in_cell(item: PredictionRecord, row: int, column: int) -> bool:
    """Whether a prediction was counted in that one of `Scores.cells`."""
    if item.truth_set is None or item.predicted_set is None:
        return (item.truth_index, item.predicted_index) == (row, column)
    there, said = row in item.truth_set, row in item.predicted_set
    return (there, said) == {0: (True, True), 1: (True, False), 2: (False, True)}.get(column)


def sureness(item: PredictionRecord, row: int) -> float:
    """How sure the model was: of its answer, or of class `row` being there or not."""
    if item.predicted_set is not None and item.probabilities:
        return abs(item.probabilities[row] - 0.5)
    return item.confidence or 0.0


def badness(item: PredictionRecord) -> float:
    """How badly a prediction fails: confidence in a wrong answer, or how far off a number is; 0 if it is right."""
    if item.predicted_number is not None:
        return abs(item.predicted_number - (item.truth_number or 0.0))
    if item.right is not False:
        return 0.0
    if item.predicted_set is None:
        return item.confidence or 1.0
    truth, shares = set(item.truth_set or ()), item.probabilities
    return max(abs(shares[index] - (index in truth)) if shares else 1.0 for index in truth ^ set(item.predicted_set))


def _words(version: VersionRecord, index: int | None, members: list[int] | None, number: float | None) -> str:
    if number is not None:
        return f"{number:.4g}"
    if members is not None:
        return ", ".join(version.class_names[item] for item in members) or "none"
    return "" if index is None else version.class_names[index]
