"""How long the phases of a training took, over all its attempts: one that was killed goes on counting."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.training import keep_beside, load_decisions
from core.types import JsonObject

TIMINGS, FIRST_STEP = "timings", "first_step"
KEEP_EVERY_S = 10.0
"""So much of its work a killed attempt forgets at most."""


class Spent:
    """Seconds of work by phase, and until the first step; kept beside the checkpoint for an attempt that goes on."""

    def __init__(self, folder: Path) -> None:
        kept = (load_decisions(folder) or {}).get(TIMINGS)
        self.seconds: JsonObject = dict(kept) if isinstance(kept, dict) else {}
        self._folder, self._kept_at = folder, time.perf_counter()
        self._phase: tuple[str, float] | None = None

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What is done within counts as this phase, on top of what earlier attempts spent on it."""
        self._phase = name, time.perf_counter() - float(str(self.seconds.get(name, 0.0)))
        try:
            yield
        finally:
            self._keep()
            self._phase = None

    def tick(self) -> None:
        """Called in every batch of a long phase, so that a kill forgets little of it."""
        if time.perf_counter() - self._kept_at > KEEP_EVERY_S:
            self._keep()

    def first_step(self, seconds: float) -> None:
        """The first step is done, so long after the run was begun; that of the first attempt counts."""
        if FIRST_STEP not in self.seconds:
            self.seconds[FIRST_STEP] = round(seconds, 3)
            self._keep()

    def _keep(self) -> None:
        now = time.perf_counter()
        if self._phase is not None:
            name, began = self._phase
            self.seconds[name] = round(now - began, 3)
        self._kept_at = now
        with contextlib.suppress(OSError):  # no training is lost for its times; what else is written says what is wrong
            keep_beside(self._folder, TIMINGS, self.seconds)


def summed(parts: Sequence[JsonObject]) -> JsonObject:
    """The seconds of each phase over parts that were trained one after the other; the first step is the first one's."""
    total: dict[str, float] = {}
    for part in parts:
        for name, seconds in part.items():
            if name != FIRST_STEP or name not in total:
                total[name] = total.get(name, 0.0) + float(str(seconds))
    return {name: round(seconds, 3) for name, seconds in total.items()}
