"""What training changed in a model, layer by layer."""

from dataclasses import dataclass
from typing import Any, cast

from core.jobs.payloads import ChangesPayload
from core.services.about_model import AboutModel
from core.store import images
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


class Changes(AboutModel):
    """Comparisons of models with the networks they started as."""

    kind = RunKind.CHANGES

    def start(self, model: RunId) -> RunId:
        """Queue a comparison, or find the one that waits or runs. Raises NotFound, BadInput without a model."""
        return self._start(model, ChangesPayload(model=model), name="What changed", purpose="look into")

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
