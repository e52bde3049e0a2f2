"""What follows from a run's predictions, computed once for all who tell it: results, snapshot, comparison and check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.evaluation import Scores
from core.store import facts, predictions, versions
from core.store.facts import ImageFacts
from core.store.figures import figures_json
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.scoring import score, usable
from core.store.sides import Side, limits_of
from core.store.trust import slices_json
from core.store.versions import VersionRecord
from core.store.weak_spots import weak_spots
from core.types import ImageId, JsonObject, JsonValue, RunId, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """A run's scores, figures and weak spots, and what they follow from.

    known   what is known of the pictures besides; only `slices`, of the test pictures, follow from it
    scores  of each split that has usable predictions
    limits  of an external test, the validation pictures of its model, which judge single answers; else None
    """

    version: VersionRecord
    said: Sequence[PredictionRecord]
    known: Mapping[ImageId, ImageFacts]
    scores: Mapping[Split, Scores]
    figures: JsonObject
    slices: list[JsonValue]
    limits: Side | None


def compute(
    version: VersionRecord,
    said: Sequence[PredictionRecord],
    known: Mapping[ImageId, ImageFacts],
    confusion: Split = Split.TEST,
    limits: Side | None = None,
) -> Computed:
    """From what was said of a version; the `confusion` matrix is of that split.

    Single answers are judged by `limits` from another run's pictures, or else from its own validation pictures.
    """
    parts = {part: [item for item in usable(version.task, said) if item.split is part] for part in Split}
    scores = {part: score(version, records) for part, records in parts.items() if records}
    own, test = (Side(version, parts[part], part) for part in (Split.VALIDATION, Split.TEST))
    return Computed(
        version=version,
        said=said,
        known=known,
        scores=scores,
        figures=figures_json(version, parts, scores, limits or own, confusion),
        slices=slices_json(weak_spots(test, known)) if test.records else [],
        limits=limits,
    )


def read_computed(session: Session, run: RunRecord, confusion: Split = Split.TEST) -> Computed:
    """From what is stored now. Raises NotFound for a run without a dataset version."""
    said = predictions.read_predictions(session, run.id)
    known = facts.read_facts(session, [item.image_id for item in said if item.image_id is not None])
    version = versions.read_version_of(session, run)
    return compute(version, said, known, confusion, limits_of(session, run, version))


class ComputedOnce:
    """For whoever asks several times for the same: each run as it was stored when it was asked for first."""

    def __init__(self) -> None:
        self._found: dict[RunId, Computed] = {}

    def read(self, session: Session, run: RunRecord) -> Computed:
        """As `read_computed`."""
        if run.id not in self._found:
            self._found[run.id] = read_computed(session, run)
        return self._found[run.id]
