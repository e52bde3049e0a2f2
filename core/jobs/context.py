"""What a job's body may do to its run: report, be cancelled, end."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a job: its folder in the run's, what it is called in words, and which share of the whole it is."""

    name: str
    words: str
    start: float
    share: float


class JobContext:
    """A job body's only way to its run. Not thread-safe: one body, one thread."""

    def __init__(self, run: RunRecord, *, engine: Engine, settings: Settings, part: _Part | None = None) -> None:
        self.run = run
        self.engine = engine
        self.settings = settings
        self.log = logging.getLogger(f"graft.run.{run.id}")
        self._part, self._reached = part, 0.0
        self._facts: dict[str, JsonValue] = {}
        self._afterwards: list[Callable[[], object]] = []
        self._written_at = 0.0
        self._checked_at = 0.0

    @property
    def folder(self) -> Path:
        """The run's own folder (checkpoints, model files), created on first use."""
        folder = self.settings.models / str(self.run.id) / (self._part.name if self._part else "")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def part(self, name: str, words: str, *, start: float, share: float, **facts: JsonValue) -> "JobContext":
        """The same run seen from a part of its work.

        The part has a folder of its own, curves of its own ("name/train/loss"), and its progress is a share of the
        whole that begins at `start`. `facts` are said along with it.
        """
        inner = JobContext(self.run, engine=self.engine, settings=self.settings, part=_Part(name, words, start, share))
        inner._facts, inner._afterwards = {**self._facts, **facts}, self._afterwards
        return inner

    def afterwards(self, do: Callable[[], object]) -> None:
        """What is to be done once the run's good end is written down: to forget what an attempt would go on from.

        Whoever is killed before finds it all there; after a bad end it stays.
        """
        self._afterwards.append(do)

    def tidy(self) -> None:
        """Do what was left for afterwards. What cannot be deleted stays: the run has ended well."""
        for do in self._afterwards:
            try:
                do()
            except OSError:
                self.log.exception("What the run needs no more could not be deleted.")

    @property
    def due(self) -> bool:
        """Whether progress would be written now."""
        return time.monotonic() - self._written_at >= PROGRESS_EVERY_S

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
        if not now and not self.due:
            return
        self._written_at = time.monotonic()
        if self._part is not None:
            message = f"{self._part.words}: {message[:1].lower()}{message[1:]}"
            # A part has phases of its own, each from 0 to 1: the whole never goes back.
            self._reached = max(self._reached, fraction or 0.0)
            fraction, eta_s = self._part.start + self._part.share * self._reached, None
        progress: JsonObject = {**self._facts, "message": message, "fraction": fraction, "eta_s": eta_s}
        with writing(self.engine) as session:
            runs.write_progress(session, self.run.id, self.run.attempts, progress)

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each named curve, e.g. {"train/loss": 0.4, "validation/score": 0.8}."""
        before = f"{self._part.name}/" if self._part else ""
        with writing(self.engine) as session:
            runs.write_metrics(session, self.run.id, step, {before + name: value for name, value in values.items()})

    def got_further(self) -> None:
        """What was done is kept: whoever goes on from here after a kill has all retries again."""
        if self.run.retries_left < runs.RETRIES:
            with writing(self.engine) as session:
                runs.give_retries(session, self.run.id, self.run.attempts)
            self.run = replace(self.run, retries_left=runs.RETRIES)

    def facts(self, *, device: str, code_version: str = "", libraries: JsonObject | None = None) -> None:
        """Write down where and with what the run runs."""
        with writing(self.engine) as session:
            runs.write_facts(
                session, self.run.id, self.run.attempts,
                device=device, code_version=code_version, libraries=libraries or {},
            )  # fmt: skip

    def check_cancelled(self) -> None:
        """Raise Cancelled if someone asked the run to stop. Cheap: call it in every batch."""
        clock = time.monotonic()
        if clock - self._checked_at < CANCEL_CHECK_EVERY_S:
            return
        self._checked_at = clock
        with reading(self.engine) as session:
            if runs.is_cancel_requested(session, self.run.id):
                raise Cancelled("The run was stopped.")
