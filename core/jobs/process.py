"""The jobs worker: one child process per run, one run at a time in each lane.

A child that dies is noticed at once by its worker; a worker that dies takes its child along (the child looks
at its parent), and the next worker finds the silent run by its heartbeat. Either way the run goes back into
the queue and continues from its checkpoint, at most `runs.RETRIES` times without having kept anything new. A worker
that is asked to end, and a machine that slept, cost none of them.
"""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.errors import DiskFull
from core.jobs.reserve import keep_room
from core.jobs.spare import Spares
from core.settings import Settings
from core.store import runs
from core.store.db import reading, writing
from core.store.runs import RunRecord
from core.types import Lane, RunId, RunState

BEAT_S = 2.0
LATE_S, STALE_S, HUNG_S = 5.0, 10.0, 60.0
"""How long a run may be silent whose worker is gone from this machine, is on another one, or is still here.

By the first a child whose worker was killed has left, too; by the last even a starved machine has let it speak.
"""
WATCHED_S = 5.0
"""So long the silence of a living worker's run is watched: after a machine has slept, all are late and most alive."""
CANCEL_GRACE_S = 6.0
UNWRITABLE = (DiskFull, SQLAlchemyError)
"""What a database raises that cannot be written for a while. Whoever watches over runs outlives it."""
POLL_S = 0.1
LOG = logging.getLogger("graft.jobs")


def worker_name() -> str:
    """Who holds a run: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(slots=True)
class _Child:
    run: RunRecord
    process: subprocess.Popen[bytes]
    asked_to_stop_at: float | None = None


class LaneWorker:
    """Claims runs of some lanes and runs each in a child process of its own."""

    def __init__(self, *, engine: Engine, settings: Settings, lanes: Sequence[Lane]) -> None:
        self._engine = engine
        self._settings = settings
        self._children: dict[Lane, _Child | None] = dict.fromkeys(lanes)
        self._spares = Spares({**settings.environ(), **CHILD_ENVIRON})
        self._sweeper, self._swept_at = Sweeper(engine), 0.0

    def work(self, stop: Callable[[], bool]) -> None:
        """Serve the lanes until `stop()`; then end the children, whose runs go back into the queue."""
        while not stop():
            try:
                self.step()
            except UNWRITABLE as error:
                LOG.error("The database cannot be used; it is tried again. %s", error)
                time.sleep(BEAT_S)
            time.sleep(POLL_S)
        self.close()

    @property
    def busy(self) -> bool:
        """Whether any child runs."""
        return any(self._children.values())

    def close(self) -> None:
        """End the children; a run that has not ended goes back into the queue, one asked to stop is stopped."""
        self._spares.close()
        for lane, child in self._children.items():
            if child is not None:
                _kill(child.process)
                with contextlib.suppress(*UNWRITABLE):  # the next worker finds it silent
                    self._after(child, blameless=True)
                self._children[lane] = None

    def step(self) -> None:
        """One look at everything: the silent, the running and the waiting."""
        if time.monotonic() - self._swept_at > BEAT_S:
            self._swept_at = time.monotonic()
            self._sweeper.sweep()
            keep_room(self._settings)
        for lane, child in self._children.items():
            if child is None:
                self._children[lane] = self._claim(lane)
                if self._children[lane] is None and self._settings.spares:
                    self._spares.rest(lane)
            elif child.process.poll() is not None:
                self._after(child)
                self._children[lane] = None
            else:
                self._stop_if_asked(child)

    def _claim(self, lane: Lane) -> _Child | None:
        with reading(self._engine) as session:
            if not runs.has_queued(session, [lane]):
                return None
        with writing(self._engine) as session:
            run = runs.claim_next(session, lane, worker=worker_name(), now=datetime.now(UTC))
        if run is None:
            return None
        self._settings.logs.mkdir(parents=True, exist_ok=True)
        process = self._spares.start(lane, run.id, str(self._settings.logs / f"run-{run.id}.log"))
        LOG.info("Run %d started, attempt %d, process %d.", run.id, run.attempts, process.pid)
        return _Child(run=run, process=process)

    def _stop_if_asked(self, child: _Child) -> None:
        if child.asked_to_stop_at is None:
            with reading(self._engine) as session:
                if runs.is_cancel_requested(session, child.run.id):
                    child.asked_to_stop_at = time.monotonic()
        elif time.monotonic() - child.asked_to_stop_at > CANCEL_GRACE_S:
            _kill(child.process)

    def _after(self, child: _Child, *, blameless: bool = False) -> None:
        status = child.process.wait()
        with writing(self._engine) as session:
            if child.asked_to_stop_at is not None:
                runs.finish_run(session, child.run.id, child.run.attempts, RunState.CANCELLED, now=datetime.now(UTC))
            else:
                give_back(session, child.run, f"its process ended with status {status}", blameless=blameless)


CHILD_ENVIRON = {
    # glibc returns freed tensors to the system and asks for them again in each step; keeping them mapped made
    # training of mobile-size networks 20-43% faster with the same results.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**40),
    # Threads that wait in a spinning loop starve each other when another process wants the cores, too: on a busy
    # machine of two cores a training step took 30 times as long as with threads that sleep. Threads that sleep at
    # once wake slowly: spinning for some microseconds first made a MobileNet's step a fifth faster on a quiet
    # machine, and a seventh slower beside another training (GNU's OpenMP, which torch brings on Linux).
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "1000",
    # NVIDIA's GPUs then multiply matrices of 32 bits as torch has them convolve: in TF32, several times as fast.
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1",
    # What torch cannot do on an Apple GPU is then done on the processor, instead of ending the run.
    "PYTORCH_ENABLE_MPS_FALLBACK": "1",
}


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def give_back(session: Session, run: RunRecord, why: str, *, blameless: bool = False) -> None:
    """Queue a run whose process ended again, or fail it when it has no retries left. An ended run is left alone.

    One that was `blameless` of its end has lost no retry by it.
    """
    now = datetime.now(UTC)
    if runs.is_cancel_requested(session, run.id):
        runs.finish_run(session, run.id, run.attempts, RunState.CANCELLED, now=now, died=True)
    elif runs.release_run(session, run.id, run.attempts, retries=0 if blameless else 1):
        LOG.warning("Run %d goes back into the queue: %s.", run.id, why)
    else:
        runs.finish_run(
            session,
            run.id,
            run.attempts,
            RunState.FAILED,
            now=now,
            died=True,
            error=f"The run stopped {runs.RETRIES + 1} times without an error of its own, and got no further: {why}.",
            hint="The machine may be short of memory: choose a smaller model or smaller images, then resume the run.",
        )


class Sweeper:
    """Takes runs back from workers that fell silent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watched: dict[RunId, tuple[datetime, float]] = {}

    def sweep(self) -> None:
        """One look at all that is running."""
        now = datetime.now(UTC)
        with reading(self._engine) as session:
            late = runs.list_silent(session, since=now - timedelta(seconds=LATE_S))
            ahead = runs.list_ahead(session, of=now + timedelta(seconds=LATE_S))
        for run in ahead:  # the clock was set back: its silence is counted from now, and if it lives it soon says so
            with writing(self._engine) as session:
                runs.beat(session, run.id, run.attempts, now=now)
        for run in late:
            if run.heartbeat_at is None or self._is_over(run, run.heartbeat_at, now):
                with writing(self._engine) as session:
                    give_back(session, run, f"its worker {run.worker} fell silent")

    def _is_over(self, run: RunRecord, heard: datetime, now: datetime) -> bool:
        host, _, pid = run.worker.rpartition(":")
        silent_s = (now - heard).total_seconds()
        if host != socket.gethostname():
            return silent_s > STALE_S
        if not psutil.pid_exists(int(pid)):
            return True
        if silent_s <= HUNG_S:
            return False
        watched = self._watched.get(run.id)
        if watched is None or watched[0] != heard:
            self._watched[run.id] = heard, time.monotonic()
            return False
        return time.monotonic() - watched[1] >= WATCHED_S


@contextlib.contextmanager
def beating(run: RunRecord, engine: Engine) -> Iterator[None]:
    """In the interactive worker: say every two seconds that it still works on the run."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_S):
            with contextlib.suppress(*UNWRITABLE), writing(engine) as session:
                runs.beat(session, run.id, run.attempts, now=datetime.now(UTC))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def keep_alive(run: RunRecord, engine: Engine) -> None:
    """In a child: say every two seconds that it lives, and leave at once when nobody holds it any more."""
    parent = os.getppid()

    def beat() -> None:
        while True:
            time.sleep(BEAT_S)
            if os.getppid() != parent:
                os._exit(70)
            with contextlib.suppress(*UNWRITABLE):
                with writing(engine) as session:
                    held = runs.beat(session, run.id, run.attempts, now=datetime.now(UTC))
                if held:
                    continue
                with reading(engine) as session:
                    ended = runs.read_run(session, run.id).state.ended
                if not ended:  # an ended run's child is just tidying up
                    os._exit(71)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
