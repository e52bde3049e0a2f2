"""The workers: `python -m core.worker jobs | interactive | spare LANE`.

`jobs` claims trainings and file jobs and gives each a child process; `interactive` keeps models warm and
answers within a second. Job bodies are named, not imported, so that a child loads only what its kind needs.
"""

import gc
import importlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import psutil
from sqlalchemy import Engine

from core.errors import HomeUnusable
from core.jobs import Handler, LaneWorker, execute
from core.jobs.process import Sweeper, beating, keep_alive, worker_name
from core.jobs.spare import wait_for_run
from core.media import forget_oldest, forget_unfinished
from core.services.home import UNUSABLE, leave_with_supervisor
from core.settings import Settings
from core.store import runs
from core.store.db import migrate, open_engine, reading, writing
from core.store.runs import RunRecord
from core.types import Lane, RunKind

TASKS: dict[RunKind, str] = {
    RunKind.IMPORT: "core.tasks.importing",
    RunKind.TRAIN: "core.tasks.training",
    RunKind.SEARCH: "core.tasks.search",
    RunKind.RATES: "core.tasks.rates",
    RunKind.PRETRAIN: "core.tasks.pretrain",
    RunKind.PREDICT: "core.tasks.predict",
    RunKind.EXPLAIN: "core.tasks.explain",
    RunKind.EXPORT: "core.tasks.export",
    RunKind.EVALUATE: "core.tasks.evaluate",
    RunKind.CHECK: "core.tasks.check",
    RunKind.ROBUSTNESS: "core.tasks.robustness",
    RunKind.HEATMAPS: "core.tasks.heatmaps",
    RunKind.GRADE: "core.tasks.grade",
    RunKind.CHANGES: "core.tasks.changes",
    RunKind.NEIGHBOURS: "core.tasks.neighbours",
    RunKind.MAP: "core.tasks.map",
    RunKind.FORECAST: "core.tasks.forecast",
}
"""Kind -> module with `run(context) -> result`."""

IDLE_POLL_S, BUSY_POLL_S, BUSY_FOR_S = 0.05, 0.005, 10.0
FORGET_AFTER = timedelta(hours=1)


def handler(kind: RunKind) -> Handler:
    """The body of a kind of job, imported when first asked for."""
    body: Handler = importlib.import_module(TASKS[kind]).run
    return body


APART = (Lane.TRAINING, Lane.ANALYSIS, Lane.FILES)
"""Lanes whose runs have a process of their own each."""
PRELOADED = {Lane.TRAINING: RunKind.TRAIN, Lane.FILES: RunKind.IMPORT}
"""Lane -> the kind of job that its spare process has loaded before it is asked; of another it has the rest of Graft."""


def run_spare(lane: str, settings: Settings, engine: Engine) -> int:
    """Load what the lane's usual job needs, then wait for a run and do it."""
    if hasattr(os, "nice"):
        os.nice(5)  # on a busy machine a person's click goes before a job
    orders: queue.Queue[RunRecord] = queue.Queue()

    def take() -> None:
        run_id = wait_for_run()
        if run_id is None:
            os._exit(0)
        with reading(engine) as session:
            run = runs.read_run(session, run_id)
        keep_alive(run, engine)  # at once: on a busy machine loading takes longer than a silent run is waited for
        orders.put(run)

    threading.Thread(target=take, name="orders", daemon=True).start()
    if lane and Lane(lane) in PRELOADED:
        handler(PRELOADED[Lane(lane)])
    run = orders.get()
    body = handler(run.kind)
    gc.freeze()  # searching all that torch brings for garbage took 0.3 s, again and again
    execute(body, run, engine=engine, settings=settings)
    return 0


def serve_interactive(settings: Settings, engine: Engine, stop: threading.Event) -> None:
    """Answer interactive requests one by one in this process, which keeps models warm."""
    # Threads that wait in a spinning loop starve each other on a busy machine: with all cores taken a heatmap took
    # seconds instead of tens of milliseconds. Read by OpenMP when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for kind in (RunKind.EXPLAIN, RunKind.PREDICT):
        handler(kind)  # torch's import is paid for before the first click
    gc.freeze()
    sweeper, busy_until, tidied_at = Sweeper(engine), 0.0, 0.0
    while not stop.is_set():
        if time.monotonic() - tidied_at > 60:
            tidied_at = time.monotonic()
            sweeper.sweep()
            with writing(engine) as session:
                runs.delete_ended(session, Lane.INTERACTIVE, before=datetime.now(UTC) - FORGET_AFTER)
            forget_oldest(settings.heatmaps, settings.max_heatmap_bytes)
        with reading(engine) as session:
            waiting = runs.has_queued(session, [Lane.INTERACTIVE])
        if not waiting:
            time.sleep(BUSY_POLL_S if time.monotonic() < busy_until else IDLE_POLL_S)
            continue
        with writing(engine) as session:
            run = runs.claim_next(session, Lane.INTERACTIVE, worker=worker_name(), now=datetime.now(UTC))
        if run is not None:
            with beating(run, engine):
                execute(handler(run.kind), run, engine=engine, settings=settings)
            busy_until = time.monotonic() + BUSY_FOR_S


def tidy_up(settings: Settings) -> None:
    """Delete what killed processes left half written."""
    for folder in (settings.blobs, settings.thumbs, settings.models, settings.weights, settings.recipes):
        forget_unfinished(folder, psutil.pid_exists)


def main(argv: list[str] | None = None) -> int:
    """Entry of the worker processes."""
    arguments = sys.argv[1:] if argv is None else argv
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S")
    settings = Settings.from_env()
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.url)
    stop = threading.Event()
    match arguments:
        case ["spare", lane]:
            return run_spare(lane, settings, engine)
        case ["jobs" | "interactive" as role]:
            leave_with_supervisor()
            try:
                migrate(engine)
            except HomeUnusable as error:
                sys.stderr.write(f"{error}\n")
                return UNUSABLE
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            if role == "jobs":
                # A home of 100,000 pictures takes a second to look through: nobody waits for it.
                threading.Thread(target=tidy_up, args=(settings,), name="tidying", daemon=True).start()
                LaneWorker(engine=engine, settings=settings, lanes=APART).work(stop.is_set)
            else:
                serve_interactive(settings, engine, stop)
            return 0
        case _:
            sys.stderr.write("usage: python -m core.worker jobs | interactive | spare LANE\n")
            return 2


if __name__ == "__main__":
    sys.exit(main())
