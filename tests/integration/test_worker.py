"""The real jobs worker in its own process, killed without warning."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from app.parts.run_status import took
from core.errors import BadInput
from core.graft import Graft
from core.jobs import JobContext, LaneWorker
from core.jobs.payloads import PretrainPayload
from core.jobs.process import HUNG_S, LATE_S, STALE_S, Sweeper, give_back
from core.jobs.spare import Spares
from core.recipes import PRESETS
from core.settings import Settings
from core.store import runs
from core.store.db import writing
from core.store.runs import RunRecord
from core.types import JsonValue, Lane, ProjectId, RunId, RunState
from tests.integration.test_training import TINY

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
LONG = PRESETS["thorough"].with_settings(
    {"image_size": "64", "weights": "none", "epochs": "400", "patience": "0", "batch_size": "4"}
)
PRETRAINING = PretrainPayload(backbone="timm:test_resnet", method="", weights="")
PATIENCE_S = 120.0


@pytest.fixture
def start_worker(graft: Graft) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*, spares: bool = False) -> subprocess.Popen[bytes]:
        settings = dataclasses.replace(graft.settings, spares=spares)
        environ = {**os.environ, **settings.environ(), "OMP_NUM_THREADS": "1"}
        worker = subprocess.Popen([sys.executable, "-m", "core.worker", "jobs"], cwd=ROOT, env=environ)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.terminate()
        worker.wait(30)


def until(condition: Callable[[], bool], words: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {words}"
        time.sleep(0.1)


def epoch(graft: Graft, run: RunId) -> int:
    return max((step for step, _ in graft.training.curves(run).get("train/loss", [])), default=0)


def child_of(worker: subprocess.Popen[bytes]) -> int:
    return int(psutil.Process(worker.pid).children()[0].pid)


def notes(graft: Graft, run: RunId) -> list[JsonValue]:
    found = graft.training.read(run).progress.get("notes")
    return found if isinstance(found, list) else []


def test_a_killed_training_goes_on_by_itself_and_stops_when_asked(
    graft: Graft, project: ProjectId, start_worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = graft.training.start(project, LONG)
    worker = start_worker()
    until(lambda: epoch(graft, run) >= 2, "two epochs are over")
    os.kill(child_of(worker), signal.SIGKILL)
    until(lambda: len(notes(graft, run)) == 1, "the training goes on after its process was killed")

    worker.kill()
    worker.wait()
    start_worker()
    until(lambda: graft.training.read(run).attempts == 3, "the next worker takes the training over")
    before = epoch(graft, run)
    until(lambda: epoch(graft, run) >= before + 1, "the training goes on after its worker was killed")
    assert str(notes(graft, run)[0]).startswith("Going on from the end of epoch")
    until(lambda: graft.training.read(run).retries_left == runs.RETRIES, "an epoch is kept: nothing was in vain")

    asked = time.monotonic()
    assert graft.queue.cancel(run)
    until(lambda: graft.training.read(run).state is RunState.CANCELLED, "the training has stopped")
    assert time.monotonic() - asked < 10
    assert graft.training.read(run).attempts == 3


def test_a_silent_run_is_taken_back_sooner_when_its_worker_is_gone_than_when_it_may_only_be_slow(
    graft: Graft, project: ProjectId
) -> None:
    host = socket.gethostname()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    sweeper = Sweeper(graft.engine)

    def state(worker: str, silent_s: float) -> RunState:
        run = graft.training.start(project, LONG)
        heard = datetime.now(UTC) - timedelta(seconds=silent_s)
        with writing(graft.engine) as session:
            assert runs.claim_next(session, Lane.TRAINING, worker=worker, now=heard) is not None
        sweeper.sweep()
        found = graft.training.read(run).state
        with writing(graft.engine) as session:
            runs.finish_run(session, run, graft.training.read(run).attempts, RunState.FAILED, now=datetime.now(UTC))
        graft.queue.cancel(run)
        return found

    gone_here, alive_here, elsewhere = f"{host}:{ended.pid}", f"{host}:{os.getpid()}", "another machine:1"
    assert state(gone_here, LATE_S - 1) is RunState.RUNNING
    assert state(gone_here, LATE_S + 1) is RunState.QUEUED
    assert state(elsewhere, LATE_S + 1) is RunState.RUNNING
    assert state(elsewhere, STALE_S + 1) is RunState.QUEUED
    assert state(alive_here, STALE_S + 1) is RunState.RUNNING
    assert state(alive_here, HUNG_S + 1) is RunState.RUNNING, "it is watched first"


def test_the_time_told_is_that_of_work_over_all_attempts_of_any_job(graft: Graft, project: ProjectId) -> None:
    """Killed after ten minutes, taken up two days later, stopped after five, gone on with for one."""
    run, began = graft.pretraining.start(project, PRETRAINING), datetime(2026, 1, 1, tzinfo=UTC)

    def claim(now: datetime) -> RunRecord:
        with writing(graft.engine) as session:
            taken = runs.claim_next(session, Lane.TRAINING, worker="test", now=now)
        assert taken is not None
        return taken

    def end(attempt: RunRecord, now: datetime, state: RunState, **how: bool) -> str:
        with writing(graft.engine) as session:
            assert runs.finish_run(session, run, attempt.attempts, state, now=now, **how)  # type: ignore[arg-type]
        return took(graft.training.read(run))

    first = claim(began)
    with writing(graft.engine) as session:
        runs.beat(session, run, first.attempts, now=began + timedelta(minutes=10))
        give_back(session, first, "its process ended")
    later = began + timedelta(days=2)
    assert end(claim(later), later + timedelta(minutes=5), RunState.CANCELLED) == "took 15 min in 2 attempts"
    graft.training.resume(run)
    later += timedelta(days=1)
    third = claim(later)
    assert end(third, later + timedelta(days=9), RunState.FAILED, died=True) == "took 15 min in 3 attempts"
    graft.training.resume(run)
    later += timedelta(days=10)
    assert end(claim(later), later + timedelta(minutes=1), RunState.DONE) == "took 16 min in 4 attempts"


def test_a_run_of_a_dead_worker_is_taken_back_although_the_clock_was_set_back(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    run = graft.training.start(project, LONG)
    with writing(graft.engine) as session:
        heard = datetime.now(UTC) + timedelta(days=900)  # a power cut, and a clock without its battery
        worker = f"{socket.gethostname()}:{ended.pid}"
        assert runs.claim_next(session, Lane.TRAINING, worker=worker, now=heard) is not None
    Sweeper(graft.engine).sweep()
    assert graft.training.read(run).state is RunState.RUNNING, "it may live, and have had no time to say so"
    monkeypatch.setattr("core.jobs.process.LATE_S", 0.0)
    Sweeper(graft.engine).sweep()
    assert graft.training.read(run).state is RunState.QUEUED


def test_a_machine_that_slept_loses_no_run_that_is_alive(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are late then, and whoever looks first must not take the others for dead."""
    run, sweeper = graft.training.start(project, LONG), Sweeper(graft.engine)
    monkeypatch.setattr("core.jobs.process.WATCHED_S", 0.0)

    def say(at: datetime) -> None:
        with writing(graft.engine) as session:
            assert runs.beat(session, run, 1, now=at)

    with writing(graft.engine) as session:
        here = f"{socket.gethostname()}:{os.getpid()}"
        assert runs.claim_next(session, Lane.TRAINING, worker=here, now=datetime.now(UTC)) is not None
    for night in (2, 1):
        say(datetime.now(UTC) - timedelta(days=night))
        sweeper.sweep()
        assert graft.training.read(run).state is RunState.RUNNING
    sweeper.sweep()
    assert graft.training.read(run).state is RunState.QUEUED, "it has hung: it said nothing after the machine woke"


def end(graft: Graft, run: RunId, **how: bool) -> RunState:
    with writing(graft.engine) as session:
        record = runs.claim_next(session, Lane.TRAINING, worker="w:1", now=datetime.now(UTC))
        assert record is not None
        give_back(session, record, "its process ended with status -9", **how)
    return graft.training.read(run).state


def test_a_run_that_gets_no_further_fails_after_three_attempts_and_one_that_does_goes_on(
    graft: Graft, project: ProjectId
) -> None:
    run = graft.training.start(project, LONG)
    assert [end(graft, run), end(graft, run)] == [RunState.QUEUED] * 2
    with writing(graft.engine) as session:
        record = runs.claim_next(session, Lane.TRAINING, worker="w:1", now=datetime.now(UTC))
    assert record is not None and record.retries_left == 0
    JobContext(record, engine=graft.engine, settings=graft.settings).got_further()
    with writing(graft.engine) as session:
        give_back(session, record, "its process ended with status -9")
    assert [end(graft, run), end(graft, run)] == [RunState.QUEUED, RunState.FAILED]
    assert graft.training.read(run).error == (
        "The run stopped 3 times without an error of its own, and got no further: its process ended with status -9."
    )


def test_a_run_loses_no_retry_when_graft_is_closed(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = graft.training.start(project, LONG)
    monkeypatch.setattr(
        Spares, "start", lambda *_: subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                                                     start_new_session=True),
    )  # fmt: skip
    for evening in range(1, 5):
        worker = LaneWorker(engine=graft.engine, settings=graft.settings, lanes=[Lane.TRAINING])
        worker.step()
        assert worker.busy
        worker.close()
        found = graft.training.read(run)
        assert (found.state, found.attempts, found.retries_left) == (RunState.QUEUED, evening, runs.RETRIES)


def gone(process: psutil.Process) -> bool:
    """Whether it has ended, perhaps unnoticed by its parent."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def waits(process: psutil.Process) -> bool:
    try:
        return "training" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def test_a_spare_process_waits_for_the_next_run_and_leaves_with_its_worker(
    graft: Graft, project: ProjectId, start_worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    worker = start_worker(spares=True)
    spare: list[psutil.Process] = []

    def ready() -> bool:
        spare[:] = [item for item in psutil.Process(worker.pid).children() if not gone(item) and waits(item)]
        return bool(spare)

    until(ready, "a process waits for a training")
    run = graft.training.start(project, TINY)
    until(lambda: graft.training.read(run).state is RunState.DONE, "the training is done")
    used = spare[0]
    until(lambda: gone(used), "the spare did it, and has ended")
    assert graft.training.read(run).attempts == 1
    assert (graft.settings.logs / f"run-{run}.log").exists()
    until(ready, "the next one waits")
    worker.kill()
    worker.wait()
    until(lambda: gone(spare[0]), "it left, because its worker is gone")


@pytest.mark.parametrize("spares", [True, False])
def test_a_process_waits_only_where_the_settings_want_it(
    graft: Graft, monkeypatch: pytest.MonkeyPatch, spares: bool
) -> None:
    rested: list[Lane] = []
    monkeypatch.setattr(Spares, "rest", lambda self, lane: rested.append(lane))
    settings = Settings.from_env(dataclasses.replace(graft.settings, spares=spares).environ())
    LaneWorker(engine=graft.engine, settings=settings, lanes=[Lane.FILES]).step()
    assert rested == ([Lane.FILES] if spares else [])
    with pytest.raises(BadInput, match="neither on nor off: 'yes'"):
        Settings.from_env({"GRAFT_SPARES": "yes"})


def test_a_run_does_without_a_spare_that_died() -> None:
    spares = Spares({})
    dead = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
    dead.wait()
    spares._waiting[Lane.FILES] = dead
    process = spares.start(Lane.FILES, RunId(1), os.devnull)
    assert process.pid != dead.pid
    process.kill()
    process.wait()
