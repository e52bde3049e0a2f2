"""What a judgement rests on: the pictures its limits come from, and those it is checked by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.errors import NotEnoughImages
from core.evaluation import Units, flags, units_of
from core.evaluation.abstaining import Basis, Traits
from core.jobs.payloads import EvaluatePayload
from core.store import predictions, runs, versions
from core.store.merged import as_merged
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.scoring import units, usable
from core.store.versions import VersionRecord
from core.types import ImageId, RunId, RunKind, Split, Task


@dataclass(frozen=True)
class Side:
    """Usable predictions of N pictures of a split of a dataset version, as arrays."""

    version: VersionRecord
    records: Sequence[PredictionRecord]
    split: Split

    @property
    def task(self) -> Task:
        """What a label is."""
        return self.version.task

    @property
    def classes(self) -> int:
        """How many classes there are, K."""
        return len(self.version.classes)

    @cached_property
    def units(self) -> Units:
        """Which pictures count together."""
        return units_of(units(self.version, self.records))

    @property
    def together(self) -> str:
        """What counts as one here: "cases", "groups" or single "pictures"."""
        return self.version.together_in(self.split)

    @cached_property
    def cases(self) -> Units:
        """As `units`, but by what the pictures name themselves where their folds left out whole groups of these."""
        return units_of(units(replace(self.version, whole="case"), self.records))

    @cached_property
    def groups(self) -> list[str]:
        """Each picture's group, "" for none."""
        names = {item.image_id: item.group_name or "" for item in self.version.items}
        return [names.get(item.image_id or ImageId(0), "") for item in self.records]

    @cached_property
    def shares(self) -> NDArray[np.float64] | None:
        """Probabilities (N, K), where every picture has them."""
        found = [item.probabilities for item in self.records]
        return np.array(found, dtype=np.float64) if found and all(found) else None

    @cached_property
    def truth(self) -> NDArray[np.int64]:
        """The true class or grade (N,)."""
        return np.array([item.truth_index for item in self.records], dtype=np.int64)

    @cached_property
    def said(self) -> NDArray[np.int64]:
        """What was said (N,)."""
        return np.array([item.predicted_index for item in self.records], dtype=np.int64)

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """Which classes are there (N, K), of several."""
        return flags([item.truth_set or () for item in self.records], self.classes)

    @cached_property
    def told(self) -> NDArray[np.bool_]:
        """Which classes were said (N, K), of several."""
        return flags([item.predicted_set or () for item in self.records], self.classes)

    @cached_property
    def off(self) -> NDArray[np.float64]:
        """How far off each number is (N,)."""
        pairs = [(item.predicted_number or 0.0) - (item.truth_number or 0.0) for item in self.records]
        return np.abs(np.array(pairs, dtype=np.float64))

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Whether each was answered rightly (N,), of several classes: all of them; not for numbers."""
        return np.array([bool(item.right) for item in self.records], dtype=bool)

    @cached_property
    def traits(self) -> list[Traits]:
        """What is known of each picture besides."""
        return [traits_of(item) for item in self.records]


def traits_of(record: PredictionRecord) -> Traits:
    """A prediction's traits as numbers; empty for one from before they were kept."""
    return {name: float(value) for name, value in (record.traits or {}).items() if isinstance(value, int | float)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A run's model: the validation pictures that its limits come from, and the test pictures that check them."""

    fitted: Side
    checked: Side

    @property
    def basis(self) -> Basis:
        """Which pictures serve for what."""
        used = {item.blob for item in self.fitted.version.items if item.split is not Split.TEST}
        judged = {item.image_id: item.blob for item in self.checked.version.items}
        learnt = {item.image_id for item in self.fitted.version.items if item.split is Split.TRAIN}
        return Basis(
            limits=len(self.fitted.records),
            judged=len(self.checked.records),
            shared=sum(judged.get(item.image_id or ImageId(0)) in used for item in self.checked.records),
            out_of_fold=any(item.image_id in learnt for item in self.fitted.records),
        )


def read_sides(session: Session, run_id: RunId, split: Split = Split.TEST) -> Sides:
    """Of a training, or of an external test, whose limits are those of its model.

    Raises NotFound, and NotEnoughImages while there are no predictions to check.
    """
    run = runs.read_run(session, run_id)
    version = versions.read_scored(session, run)
    checked = Side(version, usable(version.task, predictions.read_predictions(session, run_id, split)), split)
    if not checked.records:
        raise NotEnoughImages("There are no predictions to judge yet.", hint="Wait for the training to end.")
    return Sides(fitted=fitted_side(session, run, version), checked=checked)


def model_of(run: RunRecord) -> RunId:
    """The run whose model a training or an external test is about."""
    return EvaluatePayload.from_json(run.payload).model if run.kind is RunKind.EVALUATE else run.id


def limits_of(session: Session, run: RunRecord, version: VersionRecord) -> Side | None:
    """The validation predictions by which an external test's single answers are judged; None for any other run.

    `version` is the run's own.
    """
    return fitted_side(session, run, version) if run.kind is RunKind.EVALUATE else None


def fitted_side(session: Session, run: RunRecord, version: VersionRecord) -> Side:
    """The validation predictions of the run's model; `version` is the run's own."""
    model = model_of(run)
    if model != run.id:
        trained = runs.read_run(session, model)
        if trained.version_id is not None:
            version = versions.read_version_of(session, trained)
    said = predictions.read_predictions(session, model, Split.VALIDATION)
    if run.kind is RunKind.EVALUATE:
        counted_as = EvaluatePayload.from_json(run.payload).counted_as
        said = [as_merged(record, counted_as) for record in said]
    return Side(version, usable(version.task, said), Split.VALIDATION)
