"""Waiting for a run from the command line, and running it here when nobody else does."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

from core.jobs import LaneWorker
from core.services.base import Service
from core.services.home import has_no_room, read_holder
from core.store.runs import RunRecord
from core.types import RunId

__all__ = ["RunRecord", "Serving"]

POLL_S = 0.05
LOOK_FOR_SUPERVISOR_S = 2.0


class Serving(Service):
    """Runs brought to their end."""

    @property
    def served(self) -> bool:
        """Whether a `graft up` serves this home."""
        return read_holder(self.settings) is not None

    @property
    def no_room(self) -> bool:
        """Whether the home's disk is full: a run that works may then be able to write down neither that nor its end."""
        return has_no_room(self.settings)

    def finish(self, run_id: RunId, tell: Callable[[RunRecord], None] = lambda run: None) -> RunRecord:
        """The run once it has ended; `tell` is given the run as it stands, several times a second and at its end.

        While a `graft up` serves the home its workers do the run; else this process has it done by a child of its
        own, after the runs that wait before it. Ctrl-C asks the run to stop and waits until it has; a second one
        ends its process at once. Raises NotFound.
        """
        run = self.queue.read(run_id)
        worker = LaneWorker(engine=self.engine, settings=self.settings, lanes=[run.lane])
        looked_at, served = 0.0, False
        with _interrupts(lambda: self.queue.cancel(run_id)):
            try:
                while not run.state.ended:
                    if time.monotonic() - looked_at > LOOK_FOR_SUPERVISOR_S:
                        looked_at, served = time.monotonic(), self.served
                    if not served or worker.busy:
                        worker.step()
                    tell(run)
                    time.sleep(POLL_S)
                    run = self.queue.read(run_id)
            finally:
                worker.close()
        tell(run)
        return run

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """While inside, questions to models are answered: by the served home's worker, or by one started for it."""
        if self.served:
            yield
            return
        self.settings.logs.mkdir(parents=True, exist_ok=True)
        with (self.settings.logs / "interactive.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "core.worker", "interactive"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **self.settings.environ()},
            )  # fmt: skip
        try:
            yield
        finally:
            worker.terminate()
            worker.wait()


@contextlib.contextmanager
def _interrupts(first: Callable[[], object]) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM call `first`, and the second one interrupt."""
    wanted = (signal.SIGINT, signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        for name in wanted:
            signal.signal(name, signal.default_int_handler)
        first()

    before = [signal.signal(number, handle) for number in wanted]
    try:
        yield
    finally:
        for number, handler in zip(wanted, before, strict=True):
            signal.signal(number, handler)
