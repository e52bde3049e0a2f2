"""What models said, image by image."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.catalogue import ModelCard
from core.errors import NotFound
from core.store.runs import read_run
from core.store.tables import ModelRow, PredictionRow
from core.types import ImageId, JsonObject, RunId, Split

GROUP = "group"
"""Where among the traits of a new picture its group stands, if a table told it."""
NOTE = "note"
"""Where a remark on its file stands, such as on pages that were not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRecord:
    """One image's truth (for a dataset version's image) and prediction; fields as in `PredictionRow`."""

    image_id: ImageId | None = None
    split: Split | None = None
    name: str = ""
    blob: str = ""
    sha256: str = ""
    truth_index: int | None = None
    truth_set: list[int] | None = None
    truth_number: float | None = None
    predicted_index: int | None = None
    predicted_set: list[int] | None = None
    predicted_number: float | None = None
    confidence: float | None = None
    probabilities: list[float] | None = None
    traits: JsonObject | None = None
    error: str = ""

    @property
    def right(self) -> bool | None:
        """Whether the answer is the truth, of several classes all of them.

        None for a number, which is only nearer or farther, and where the truth or an answer is missing.
        """
        if self.truth_set is not None and self.predicted_set is not None:
            return set(self.truth_set) == set(self.predicted_set)
        if self.truth_index is not None and self.predicted_index is not None:
            return self.truth_index == self.predicted_index
        return None


def group_of(record: PredictionRecord) -> str:
    """The group that a table told of a new picture, or ""."""
    return str((record.traits or {}).get(GROUP) or "")


def replace_predictions(session: Session, run_id: RunId, records: Sequence[PredictionRecord]) -> None:
    """Make these the run's predictions, instead of any it had: a resumed run does not double them."""
    session.execute(delete(PredictionRow).where(PredictionRow.run_id == run_id))
    if records:
        session.execute(insert(PredictionRow), [{"run_id": run_id, **dataclasses.asdict(item)} for item in records])


def read_predictions(session: Session, run_id: RunId, split: Split | None = None) -> list[PredictionRecord]:
    """The run's predictions, all or of one split, in the order they were made."""
    names = PredictionRecord.__dataclass_fields__
    # Columns, not rows: the session would keep every row, and of 100,000 that takes longer than all the rest.
    query = select(*(getattr(PredictionRow, name) for name in names)).where(PredictionRow.run_id == run_id)
    if split is not None:
        query = query.where(PredictionRow.split == split)
    found = session.execute(query.order_by(PredictionRow.id))
    return [PredictionRecord(**dict(zip(names, row, strict=True))) for row in found]


def add_predictions(session: Session, run_id: RunId, records: Sequence[PredictionRecord]) -> None:
    """Append predictions of new pictures to a run's."""
    if records:
        session.execute(insert(PredictionRow), [{"run_id": run_id, **dataclasses.asdict(item)} for item in records])


def predicted_names(session: Session, run_id: RunId) -> Counter[str]:
    """New pictures that an interrupted prediction has dealt with already: of each name how many."""
    return Counter(session.scalars(select(PredictionRow.name).where(PredictionRow.run_id == run_id)))


def read_numbered(session: Session, run_id: RunId) -> dict[int, PredictionRecord]:
    """The run's predictions by their own ids, in the order they were made."""
    names = PredictionRecord.__dataclass_fields__
    columns = [getattr(PredictionRow, name) for name in names]
    query = select(PredictionRow.id, *columns).where(PredictionRow.run_id == run_id).order_by(PredictionRow.id)
    return {row[0]: PredictionRecord(**dict(zip(names, row[1:], strict=True))) for row in session.execute(query)}


def find_prediction(session: Session, run_id: RunId, image_id: ImageId) -> PredictionRecord | None:
    """What the run said of one image of its dataset version, or None."""
    query = select(PredictionRow).where(PredictionRow.run_id == run_id, PredictionRow.image_id == image_id)
    row = session.scalar(query)
    if row is None:
        return None
    return PredictionRecord(**{name: getattr(row, name) for name in PredictionRecord.__dataclass_fields__})


def save_model(session: Session, run_id: RunId, *, files: JsonObject, card: JsonObject) -> None:
    """Record a finished run's model; a resumed run replaces its own."""
    session.merge(ModelRow(run_id=run_id, files=files, card=card))


def read_card(session: Session, run_id: RunId) -> JsonObject | None:
    """The card of the run's model, or None while it has none."""
    row = session.get(ModelRow, run_id)
    return None if row is None else row.card


def model_card(session: Session, run_id: RunId) -> ModelCard:
    """How to use the run's model. Raises NotFound while it has none."""
    return ModelCard.from_json(_model(session, run_id).card)


def model_files(session: Session, run_id: RunId) -> JsonObject:
    """File name -> sha256 of the run's model. Raises NotFound while it has none."""
    return _model(session, run_id).files


def _model(session: Session, run_id: RunId) -> ModelRow:
    row = session.get(ModelRow, run_id)
    if row is None:
        if read_run(session, run_id).state.ended:
            hint = "Choose a training that is done: page Results and `graft runs NAME` list them."
            raise NotFound(f"Run {run_id} has no model.", hint=hint)
        raise NotFound(f"Run {run_id} has no model yet.", hint="Wait until its training is done.")
    return row
