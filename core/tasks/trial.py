"""A trial of a search, as its training sees it: a run of its own that may be ended early."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from core.jobs.context import JobContext
from core.types import JsonObject, JsonValue


class Outclassed(Exception):
    """The trial is not among the better half at this point."""


class OutOfTime(Exception):
    """The search's time is over."""


class Clock(Protocol):
    """How far the search is, and whether its time is over."""

    def facts(self) -> JsonObject:
        """`fraction`, `eta_s` and whatever else a page shows."""

    def check(self) -> None:
        """Raises OutOfTime."""


class TrialContext(JobContext):
    """The search's run, seen by a trial: a folder of its own, no curves, and progress as a part of the search's."""

    def __init__(self, whole: JobContext, number: int, report: Callable[[int, float], None], clock: Clock) -> None:
        super().__init__(whole.run, engine=whole.engine, settings=whole.settings)
        self._number, self._report, self._clock = number, report, clock

    @property
    def folder(self) -> Path:
        """The trial's own folder, created on first use."""
        folder = super().folder / f"trial-{self._number}"
        folder.mkdir(exist_ok=True)
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
        """As the search's: how far the trial is stands in the words."""
        if not now and not self.due:
            return
        share = "" if fraction is None else f" ({fraction:.0%})"
        told = self._clock.facts()
        done, left = told.pop("fraction"), told.pop("eta_s")
        super().progress(
            f"Trial {self._number}: {message[:1].lower()}{message[1:]}{share}",
            fraction=float(str(done)), eta_s=float(str(left)), now=True, **facts, **told,
        )  # fmt: skip

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Not kept: the search hears the score, and may end the trial."""
        self._report(step, values["validation/score"])

    def check_cancelled(self) -> None:
        """Raises Cancelled, and OutOfTime."""
        super().check_cancelled()
        self._clock.check()
