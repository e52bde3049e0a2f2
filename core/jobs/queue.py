"""Putting jobs into the queue and waiting for them."""

import time
from datetime import UTC, datetime

from sqlalchemy import Engine

from core.errors import GraftError
from core.jobs.payloads import (
    ChangesPayload,
    CheckPayload,
    EvaluatePayload,
    ExplainPayload,
    ExportPayload,
    ForecastPayload,
    GradePayload,
    HeatmapsPayload,
    ImportPayload,
    MapPayload,
    NeighboursPayload,
    Payload,
    PredictPayload,
    PretrainPayload,
    RatesPayload,
    RobustnessPayload,
    SearchPayload,
    TrainPayload,
)
from core.store import runs
from core.store.db import reading, writing
from core.store.runs import RunRecord
from core.types import JsonObject, Lane, ProjectId, RunId, RunKind, RunState, VersionId

KINDS: dict[type[Payload], RunKind] = {
    ImportPayload: RunKind.IMPORT,
    TrainPayload: RunKind.TRAIN,
    SearchPayload: RunKind.SEARCH,
    RatesPayload: RunKind.RATES,
    PretrainPayload: RunKind.PRETRAIN,
    PredictPayload: RunKind.PREDICT,
    ExplainPayload: RunKind.EXPLAIN,
    ExportPayload: RunKind.EXPORT,
    EvaluatePayload: RunKind.EVALUATE,
    CheckPayload: RunKind.CHECK,
    RobustnessPayload: RunKind.ROBUSTNESS,
    HeatmapsPayload: RunKind.HEATMAPS,
    GradePayload: RunKind.GRADE,
    ChangesPayload: RunKind.CHANGES,
    NeighboursPayload: RunKind.NEIGHBOURS,
    MapPayload: RunKind.MAP,
    ForecastPayload: RunKind.FORECAST,
}
LANES: dict[RunKind, Lane] = {
    RunKind.IMPORT: Lane.FILES,
    RunKind.EXPORT: Lane.FILES,
    RunKind.TRAIN: Lane.TRAINING,
    RunKind.SEARCH: Lane.TRAINING,
    RunKind.RATES: Lane.TRAINING,
    RunKind.PRETRAIN: Lane.TRAINING,
    RunKind.PREDICT: Lane.FILES,
    RunKind.EVALUATE: Lane.ANALYSIS,
    RunKind.EXPLAIN: Lane.INTERACTIVE,
    RunKind.CHECK: Lane.ANALYSIS,
    RunKind.ROBUSTNESS: Lane.ANALYSIS,
    RunKind.HEATMAPS: Lane.ANALYSIS,
    RunKind.GRADE: Lane.ANALYSIS,
    RunKind.CHANGES: Lane.ANALYSIS,
    RunKind.NEIGHBOURS: Lane.INTERACTIVE,
    RunKind.MAP: Lane.ANALYSIS,
    RunKind.FORECAST: Lane.ANALYSIS,
}
POLL_S = 0.01


class Queue:
    """The jobs of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enqueue(
        self,
        payload: Payload,
        *,
        project_id: ProjectId | None,
        name: str = "",
        recipe: JsonObject | None = None,
        version_id: VersionId | None = None,
        parent_id: RunId | None = None,
        lane: Lane | None = None,
    ) -> RunId:
        """Queue a job in its kind's lane, or in `lane`; returns the run's id."""
        kind = KINDS[type(payload)]
        with writing(self._engine) as session:
            return runs.create_run(
                session,
                project_id=project_id,
                kind=kind,
                lane=lane or LANES[kind],
                payload=payload.to_json(),
                now=datetime.now(UTC),
                name=name,
                recipe=recipe,
                version_id=version_id,
                parent_id=parent_id,
            )

    def read(self, run_id: RunId) -> RunRecord:
        """The run as it stands. Raises NotFound."""
        with reading(self._engine) as session:
            return runs.read_run(session, run_id)

    def cancel(self, run_id: RunId) -> bool:
        """Ask a run to stop. False: it had ended already."""
        with writing(self._engine) as session:
            return runs.request_cancel(session, run_id, now=datetime.now(UTC))

    def resume(self, run_id: RunId) -> bool:
        """Queue a failed or cancelled run again, to go on from its checkpoint."""
        with writing(self._engine) as session:
            return runs.requeue_run(session, run_id)

    def wait(self, run_id: RunId, *, timeout_s: float) -> RunRecord:
        """The run once it has ended. Raises GraftError if that takes longer than `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while True:
            run = self.read(run_id)
            if run.state.ended:
                return run
            if time.monotonic() > deadline:
                waiting = "nobody has started it yet" if run.state is RunState.QUEUED else "it is still running"
                raise GraftError(
                    f"Run {run_id} did not finish within {timeout_s:.0f} seconds: {waiting}.",
                    hint="Check that Graft's workers are running (graft doctor), then try again.",
                )
            time.sleep(POLL_S)
