"""How good a run's model is, and the images behind every number."""

from dataclasses import dataclass

from core.errors import NotEnoughImages
from core.evaluation import ClassScore, Interval, Scores, score_classes
from core.services.base import Service
from core.store import predictions, runs, versions
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.types import RunId, Split

__all__ = ["ClassScore", "Interval", "PredictionRecord", "Results", "ResultsView", "Scores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsView:
    """A run's scores on one split of its dataset version."""

    run_id: RunId
    split: Split
    version: int
    split_rule: str
    classes: tuple[str, ...]
    scores: Scores


class Results(Service):
    """Scores and the images behind them."""

    def read(self, run_id: RunId, split: Split = Split.TEST) -> ResultsView:
        """Scores on a split. Raises NotFound, and NotEnoughImages while there are no predictions."""
        with reading(self.engine) as session:
            run = runs.read_run(session, run_id)
            said = predictions.read_predictions(session, run_id, split)
            if run.version_id is None or not said:
                raise NotEnoughImages("There are no predictions to score yet.", hint="Wait for the training to end.")
            version = versions.read_version(session, run.version_id)
        truth = [item.truth_index for item in said if item.truth_index is not None]
        predicted = [item.predicted_index for item in said if item.predicted_index is not None]
        return ResultsView(
            run_id=run_id,
            split=split,
            version=version.number,
            split_rule=version.split_rule,
            classes=tuple(version.class_names),
            scores=score_classes(truth, predicted, len(version.classes)),
        )

    def cell(self, run_id: RunId, split: Split, truth: int, predicted: int) -> list[PredictionRecord]:
        """The images of one cell of the confusion matrix, the most confident first."""
        with reading(self.engine) as session:
            said = predictions.read_predictions(session, run_id, split)
        found = [item for item in said if (item.truth_index, item.predicted_index) == (truth, predicted)]
        return sorted(found, key=lambda item: -(item.confidence or 0))
