"""What training changed in a model, layer by layer."""

from dataclasses import dataclass
from typing import Any, cast

from core.catalogue import ModelCard, in_words
from core.jobs.payloads import ChangesPayload
from core.services.about_model import AboutModel
from core.store import images, predictions, runs, versions
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import ImageId, RunId, RunKind, RunState, Task

__all__ = ["Changes", "ChangesView", "LayerChange", "UnitPicture", "UnitView"]


@dataclass(frozen=True, slots=True)
class LayerChange:
    """A group of layers: how alike its output stayed in [0, 1], and how far its weights moved, as a share."""

    number: int
    likeness: float | None
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPicture:
    """A picture in which a unit is strong, and its label in the model's dataset version."""

    image: ImageId
    blob: str
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class UnitView:
    """The unit that moves a class's score most, and the pictures in which it is strongest."""

    class_name: str
    unit: int
    pictures: tuple[UnitPicture, ...]


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
        model = ChangesPayload.from_json(run.payload).model
        with reading(self.engine) as session:
            card = ModelCard.from_json(predictions.read_card(session, model) or {})
            version_id = runs.read_run(session, model).version_id
            assert version_id is not None  # else there was nothing to look at
            items = {item.image_id: item for item in versions.read_version(session, version_id).items}
            names = images.read_names(session, [ImageId(image) for item in result["units"] for image in item["images"]])

        def picture(image: ImageId) -> UnitPicture:
            known = items[image]
            several = list(known.targets) if card.task is Task.MULTI else None
            index = known.targets[0] if several is None and known.targets else None
            label = in_words(card, index, several, known.number)
            return UnitPicture(image=image, blob=known.blob, name=names[image], label=label)

        units = tuple(
            UnitView(item["class"], item["unit"], tuple(picture(ImageId(image)) for image in item["images"]))
            for item in result["units"]
        )
        layers = tuple(LayerChange(item["layer"], item["likeness"], item["distance"]) for item in result["layers"])
        return ChangesView(result["pictures"], result["start"], layers, units)
