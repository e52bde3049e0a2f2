"""The app's jobs worker in this process: it has its processes ready before anybody asks, as when the app is open."""

import contextlib
import time
from collections.abc import Iterator

from core.graft import Graft
from core.jobs import LaneWorker
from core.types import JsonObject, RunId, RunState
from core.worker import APART

READY_S = 20.0  # a slow machine loads torch and its company for ten seconds


class Worker:
    """Does what is queued."""

    def __init__(self, graft: Graft) -> None:
        self.graft = graft
        self.lanes = LaneWorker(engine=graft.engine, settings=graft.settings, lanes=APART)

    def rest(self) -> None:
        """Time passes, in which the next processes get ready."""
        until = time.perf_counter() + READY_S
        while time.perf_counter() < until:
            self._step()

    def finish(self, run: RunId) -> JsonObject:
        """A run's result."""
        while not (found := self.graft.training.read(run)).state.ended:
            self._step()
        assert found.state is RunState.DONE and found.result is not None, found.error
        return found.result

    def _step(self) -> None:
        self.lanes.step()
        time.sleep(0.05)


@contextlib.contextmanager
def working(graft: Graft) -> Iterator[Worker]:
    """A worker that is ready; ended afterwards."""
    worker = Worker(graft)
    try:
        worker.rest()
        yield worker
    finally:
        worker.lanes.close()
