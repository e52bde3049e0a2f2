"""Jobs about one trained model, of which at most one of a kind waits or runs at a time."""

from typing import ClassVar

from core.errors import BadInput
from core.jobs.payloads import Payload
from core.services.base import Service
from core.store import predictions, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import RunId, RunKind


class AboutModel(Service):
    """A service whose jobs have a model's run as their parent."""

    kind: ClassVar[RunKind]

    def latest(self, model: RunId) -> RunRecord | None:
        """The newest of these jobs about a model, in whatever state. Raises NotFound."""
        return next(iter(self._about(model)), None)

    def _about(self, model: RunId) -> list[RunRecord]:
        """All of these jobs about a model, newest first. Raises NotFound."""
        with reading(self.engine) as session:
            return runs.list_runs(session, kinds=[self.kind], parent_id=runs.read_run(session, model).id)

    def _start(self, model: RunId, payload: Payload, *, name: str, purpose: str) -> RunId:
        """Queue one, or find the one that waits or runs. Raises NotFound, BadInput without a model to `purpose`."""
        with reading(self.engine) as session:
            trained = runs.read_run(session, model)
            if predictions.read_card(session, model) is None:
                raise BadInput(f"Run {model} has no model to {purpose}.", hint="Choose a training that is done.")
        last = self.latest(model)
        if last is not None and not last.state.ended:
            return last.id
        return self.queue.enqueue(payload, project_id=trained.project_id, name=name, parent_id=model)
