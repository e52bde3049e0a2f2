"""What a model looks at in a whole split: a gallery of heatmaps, and the mean over each class."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from core.catalogue import EXPLANATIONS, in_words
from core.errors import BadInput, NotFound
from core.jobs.payloads import HeatmapsPayload
from core.services.about_model import AboutModel
from core.services.behind import badness
from core.store import images, predictions, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import ImageId, RunId, RunKind, RunState, Split

__all__ = ["ClassHeat", "GalleryItem", "Heatmaps", "HeatmapsView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryItem:
    """A picture with its heatmap: what it is, what was said, and of a number, which is never `wrong`, how far `off`.

    `sure` is how sure the answer was; None of a number, and of several classes, each of which has a sureness.

    `empty`: nothing in it speaks for what was said.
    """

    image: ImageId
    blob: str
    name: str
    truth: str
    said: str
    wrong: bool
    off: float | None
    sure: float | None
    empty: bool
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassHeat:
    """The mean over the pictures of which a class was said; `border` is the share of heat in the outermost tenth,
    which is `border_area` of the picture."""

    target: int
    name: str
    pictures: int
    border: float
    border_area: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapsView:
    """A finished gallery, mistakes first, the surest of them first; numbers from the farthest off on."""

    run: RunRecord
    method: str
    split: Split
    items: tuple[GalleryItem, ...]
    classes: tuple[ClassHeat, ...]
    precision: str
    apart: float


class Heatmaps(AboutModel):
    """Galleries of heatmaps."""

    kind = RunKind.HEATMAPS

    def start(self, model: RunId, *, split: Split = Split.TEST, method: str = "gradcam") -> RunId:
        """Queue a gallery, or find the same one that waits or runs. Raises NotFound, BadInput for the method."""
        with reading(self.engine) as session:
            trained = runs.read_run(session, model)
            card = predictions.model_card(session, model)
        fitting = [name for name, item in EXPLANATIONS.items() if item.fits(card.backbone)]
        if method not in fitting:
            raise BadInput(f"This model cannot be explained by {method!r}.", hint=f"Choose {', '.join(fitting)}.")
        payload = HeatmapsPayload(model=model, split=split.value, method=method)
        last = self.latest(model)
        if last is not None and not last.state.ended and last.payload == payload.to_json():
            return last.id
        return self.queue.enqueue(payload, project_id=trained.project_id, name="Heatmaps", parent_id=model)

    def view(self, run: RunRecord) -> HeatmapsView | None:
        """A gallery; None while it is not done."""
        if run.state is not RunState.DONE or run.result is None:
            return None
        payload, result = HeatmapsPayload.from_json(run.payload), cast(dict[str, Any], run.result)
        split = Split(payload.split)
        with reading(self.engine) as session:
            card = predictions.model_card(session, payload.model)
            known = {item.image_id: item for item in predictions.read_predictions(session, payload.model, split)}
            names = images.read_names(session, [ImageId(item["image"]) for item in result["items"]])
        items = []
        for item in result["items"]:
            record = known[ImageId(item["image"])]
            items.append(
                GalleryItem(
                    image=ImageId(item["image"]),
                    blob=record.blob,
                    name=names[ImageId(item["image"])],
                    truth=in_words(card, record.truth_index, record.truth_set, record.truth_number),
                    said=in_words(card, record.predicted_index, record.predicted_set, record.predicted_number),
                    wrong=record.right is False,
                    off=None if record.predicted_number is None else badness(record),
                    sure=record.confidence if record.predicted_set is None else None,
                    empty=item["empty"],
                    kept=(self.settings.heatmaps / item["file"]).is_file(),
                )
            )
        classes = [
            ClassHeat(
                target=item["target"],
                name=card.classes[item["target"]] if card.classes else "",
                pictures=item["pictures"],
                border=item["border"],
                border_area=item["border_area"],
            )
            for item in result["classes"]
        ]
        return HeatmapsView(
            run=run,
            method=payload.method,
            split=split,
            items=tuple(sorted(items, key=lambda one: (not one.wrong, -(one.off or known[one.image].confidence or 0)))),
            classes=tuple(classes),
            precision=result["precision"],
            apart=result["apart"],
        )

    def file(self, run_id: RunId, image: ImageId) -> Path:
        """The heatmap of one picture of a gallery. Raises NotFound."""
        for item in self._result(run_id)["items"]:
            if item["image"] == image:
                return self.settings.heatmaps / str(item["file"])
        raise NotFound(f"Run {run_id} has no heatmap of image {image}.")

    def mean(self, run_id: RunId, target: int) -> Path:
        """The mean heatmap of one class of a gallery. Raises NotFound."""
        for item in self._result(run_id)["classes"]:
            if item["target"] == target:
                return self.settings.models / str(run_id) / str(item["file"])
        raise NotFound(f"Run {run_id} has no mean heatmap of class {target}.")

    def _result(self, run_id: RunId) -> dict[str, Any]:
        run = self.queue.read(run_id)
        if run.kind is not RunKind.HEATMAPS or run.result is None:
            raise NotFound(f"Run {run_id} is no finished gallery of heatmaps.")
        return cast(dict[str, Any], run.result)
