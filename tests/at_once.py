"""The job that a command waits for, done in this process: a child of its own loads torch for seconds.

Put in place of `Serving.finish`; `test_cli.py` waits for real ones.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from core.jobs import execute
from core.services.serving import Serving
from core.store import runs
from core.store.db import writing
from core.store.runs import RunRecord
from core.types import RunId
from core.worker import handler


def finish(self: Serving, run_id: RunId, tell: Callable[[RunRecord], None] = lambda run: None) -> RunRecord:
    """The run once it has ended, after those of its lane that wait before it."""
    run = self.queue.read(run_id)
    while not run.state.ended:
        with writing(self.engine) as session:
            claimed = runs.claim_next(session, run.lane, worker="test", now=datetime.now(UTC))
        assert claimed is not None
        execute(handler(claimed.kind), claimed, engine=self.engine, settings=self.settings)
        run = self.queue.read(run_id)
    tell(run)
    return run
