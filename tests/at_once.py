"""Jobs done in this process, as a worker does them: a child of its own loads torch for seconds.

`finish` is put in place of `Serving.finish`; `test_cli.py` waits for real children.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from core.graft import Graft
from core.jobs import execute
from core.services.serving import Serving
from core.store import runs
from core.store.db import writing
from core.store.runs import RunRecord
from core.types import Lane, RunId, RunState
from core.worker import handler


def claim(graft: Graft | Serving, lane: Lane, now: datetime | None = None) -> RunRecord:
    """The run that waits longest in the lane, taken as a worker takes it."""
    with writing(graft.engine) as session:
        run = runs.claim_next(session, lane, worker="test", now=now or datetime.now(UTC))
    assert run is not None, f"nothing waits in the lane {lane}"
    return run


def serve(graft: Graft | Serving, lane: Lane = Lane.TRAINING) -> RunState:
    """Do the run that waits longest in the lane; how it ended."""
    run = claim(graft, lane)
    return execute(handler(run.kind), run, engine=graft.engine, settings=graft.settings)


def finish(self: Graft | Serving, run_id: RunId, tell: Callable[[RunRecord], None] = lambda run: None) -> RunRecord:
    """The run once it has ended, after those that wait before it."""
    run = self.queue.read(run_id)
    while not run.state.ended:
        serve(self, run.lane)
        run = self.queue.read(run_id)
    tell(run)
    return run


def complete(graft: Graft, run_id: RunId) -> RunRecord:
    """The run once it has ended, as it should."""
    run = finish(graft, run_id)
    assert run.state is RunState.DONE, run.trace or run.error
    return run
