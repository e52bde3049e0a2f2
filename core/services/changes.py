"""What training changed in a model, layer by layer."""

from dataclasses import dataclass
from typing import Any, cast

from core.errors import BadInput
from core.jobs.payloads import ChangesPayload
from core.services.base import Service
from core.store import images, predictions, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import ImageId, RunId, RunKind, RunState

__all__ = ["Changes", "ChangesView", "LayerChange", "UnitView"]


@dataclass(frozen=True, slots=True)
class LayerChange:
    """A group of layers: how alike its output stayed in [0, 1], and how far its weights moved, as a share."""

    number: int
    likeness: float | None
    distance: float


@dataclass(frozen=True, slots=True)
class UnitView:
    """The unit that moves a class's score most, and the addresses of the pictures in which it is strongest."""

    class_name: str
    unit: int
    blobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangesView:
    """What a comparison found. `start` names the weights the training began with."""

    pictures: int
    start: str
    layers: tuple[LayerChange, ...]
    units: tuple[UnitView, ...]


class Changes(Service):
    """Comparisons of models with the networks they started as."""

    def start(self, model: RunId) -> RunId:
        """Queue a comparison, or find the one that waits or runs. Raises NotFound, BadInput without a model."""
        with reading(self.engine) as session:
            trained = runs.read_run(session, model)
            if predictions.read_card(session, model) is None:
                raise BadInput(f"Run {model} has no model to look into.", hint="Choose a training that is done.")
        last = self.latest(model)
        if last is not None and not last.state.ended:
            return last.id
        payload = ChangesPayload(model=model)
        return self.queue.enqueue(payload, project_id=trained.project_id, name="What changed", parent_id=model)

    def latest(self, model: RunId) -> RunRecord | None:
        """The newest comparison of a model, in whatever state."""
        with reading(self.engine) as session:
            project = runs.read_run(session, model).project_id
            if project is None:
                return None
            found = runs.list_runs(session, project_id=project, kinds=[RunKind.CHANGES])
        return next((run for run in found if run.parent_id == model), None)

    def cancel(self, run_id: RunId) -> bool:
        """Stop a comparison."""
        return self.queue.cancel(run_id)

    def view(self, run: RunRecord) -> ChangesView | None:
        """What a comparison found; None while it is not done."""
        if run.state is not RunState.DONE or run.result is None:
            return None
        result = cast(dict[str, Any], run.result)  # written by core.tasks.changes
        with reading(self.engine) as session:
            units = tuple(
                UnitView(
                    item["class"],
                    item["unit"],
                    tuple(images.read_image(session, ImageId(image)).blob for image in item["images"]),
                )
                for item in result["units"]
            )
        layers = tuple(LayerChange(item["layer"], item["likeness"], item["distance"]) for item in result["layers"])
        return ChangesView(result["pictures"], result["start"], layers, units)
