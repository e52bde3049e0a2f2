"""What a job's body may do to its run: report, be cancelled, end."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

from core.errors import Cancelled
from core.settings import Settings
from core.store import runs
from core.store.db import reading, writing
from core.store.runs import RunRecord
from core.types import JsonObject, JsonValue

PROGRESS_EVERY_S = 0.5
CANCEL_CHECK_EVERY_S = 0.5


class JobContext:
    """A job body's only way to its run. Not thread-safe: one body, one thread."""

    def __init__(self, run: RunRecord, *, engine: Engine, settings: Settings) -> None:
        self.run = run
        self.engine = engine
        self.settings = settings
        self.log = logging.getLogger(f"graft.run.{run.id}")
        self._facts: dict[str, JsonValue] = {}
        self._written_at = 0.0
        self._checked_at = 0.0

    @property
    def folder(self) -> Path:
        """The run's own folder (checkpoints, model files), created on first use."""
        folder = self.settings.models / str(self.run.id)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def progress(
        self,
        message: str,
        *,
        fraction: float | None = None,
        eta_s: float | None = None,
        now: bool = False,
        **facts: JsonValue,
    ) -> None:
        """Say what is being done, how far it is in [0, 1] and how many seconds are left.

        Further facts (epoch, epochs, stage, ...) stay until replaced. Written at most twice a second unless `now`.
        """
        self._facts.update(facts)
        clock = time.monotonic()
        if not now and clock - self._written_at < PROGRESS_EVERY_S:
            return
        self._written_at = clock
        progress: JsonObject = {**self._facts, "message": message, "fraction": fraction, "eta_s": eta_s}
        with writing(self.engine) as session:
            runs.write_progress(session, self.run.id, self.run.attempts, progress)

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each named curve, e.g. {"train/loss": 0.4, "validation/score": 0.8}."""
        with writing(self.engine) as session:
            runs.write_metrics(session, self.run.id, step, values)

    def facts(self, *, device: str, code_version: str = "") -> None:
        """Write down where and with what the run runs."""
        with writing(self.engine) as session:
            runs.write_facts(session, self.run.id, self.run.attempts, device=device, code_version=code_version)

    def check_cancelled(self) -> None:
        """Raise Cancelled if someone asked the run to stop. Cheap: call it in every batch."""
        clock = time.monotonic()
        if clock - self._checked_at < CANCEL_CHECK_EVERY_S:
            return
        self._checked_at = clock
        with reading(self.engine) as session:
            if runs.is_cancel_requested(session, self.run.id):
                raise Cancelled("The run was stopped.")
