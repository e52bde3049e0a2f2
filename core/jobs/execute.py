"""Running one job's body to its one recorded end, in this process."""

import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine

from core.errors import Cancelled, DiskFull, GraftError, PictureLost, is_full
from core.jobs.context import JobContext
from core.jobs.reserve import give_room
from core.settings import Settings
from core.store import images, runs
from core.store.db import reading, writing
from core.store.runs import RunRecord
from core.types import JsonObject, RunState

ASK_FOR_ROOM_S = 1.0
Handler = Callable[[JobContext], JsonObject]
"""A job body: does the work and returns what to keep as the run's result."""


def execute(handler: Handler, run: RunRecord, *, engine: Engine, settings: Settings) -> RunState:
    """Run the body of a claimed run and record how it ended: done, failed with its reason, or cancelled."""
    context = JobContext(run, engine=engine, settings=settings)
    result: JsonObject | None = None
    error, hint, trace, lasting = "", "", "", False
    try:
        result = handler(context)
        state = RunState.DONE
    except Cancelled:
        state = RunState.CANCELLED
    except GraftError as problem:
        state, error, hint, trace = RunState.FAILED, problem.message, problem.hint, traceback.format_exc()
        lasting = problem.lasting
        if isinstance(problem, PictureLost):
            with reading(engine) as session:
                name = images.name_of_blob(session, problem.blob)
            error = problem.named(name) if name else error
        context.log.error("%s %s", error, hint)
    except Exception as problem:  # the border: whatever it was becomes the run's recorded end
        # Its own words may be long and full of code: they stand in the log and the trace.
        state, error = RunState.FAILED, f"Something unexpected went wrong ({type(problem).__name__})."
        trace = traceback.format_exc()
        hint = "Start it again. If it fails again, send the log to whoever looks after this installation."
        if is_full(problem):
            error, hint = DiskFull().message, DiskFull().hint
        context.log.exception("The run failed.")
    while True:  # an end that is not written down would be taken for a dead process, and the work done again
        try:
            with writing(engine) as session:
                held = runs.finish_run(
                    session,
                    run.id,
                    run.attempts,
                    state,
                    now=datetime.now(UTC),
                    result=result,
                    error=error,
                    hint=hint,
                    trace=trace,
                    lasting=lasting,
                )
        except DiskFull:
            give_room(settings)
            time.sleep(ASK_FOR_ROOM_S)
        else:
            if held and state is RunState.DONE:
                context.tidy()
            return state
