"""Asking what a model looks at, and the pictures worth asking about."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

from PIL import Image

from core.catalogue import EXPLANATIONS, ExplanationInfo, ModelCard, in_words
from core.errors import BadInput, GraftError, NotFound
from core.jobs.payloads import ExplainPayload
from core.media import BlobStore, prepare
from core.services.base import Service
from core.store import images, predictions, runs
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.types import ImageId, JsonValue, ProjectId, RunId, RunKind, RunState, Split, Task

__all__ = ["Explanations", "HeatmapView", "PictureView", "SubjectView", "Which"]


class Which(StrEnum):
    """Which of a run's pictures to look into."""

    MISTAKES = "mistakes"
    UNSURE = "unsure"
    RIGHT = "right"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectView:
    """A model that can be explained. `classes` by output position; empty for a number."""

    run: RunRecord
    task: Task
    classes: tuple[str, ...]
    framing: str
    methods: tuple[ExplanationInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture with what it is and what the model said, in words; empty where unknown. A number is never `wrong`.

    `said_set` holds the positions of all classes that were said where a picture can have several; else it is None.
    `answer` is what is answered where answers are promised: then what the model said is its best guess only.
    """

    image: ImageId | None
    blob: str
    name: str
    truth: str
    truth_set: tuple[int, ...]
    said: str
    said_set: tuple[int, ...] | None = None
    wrong: bool
    confidence: float | None
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapView:
    """A heatmap's file, the class it explains with its probability, and everything the model said.

    `empty` where the method found nothing that speaks for the class.
    `target` is a position in the model's classes, `said` the position of the model's own answer;
    `probabilities` by position, with their temperature; `number` for a regression.
    """

    path: Path
    empty: bool
    target: int
    class_name: str
    probability: float | None
    said: int
    probabilities: tuple[float, ...]
    number: float | None


class Explanations(Service):
    """Heatmaps of what a model looks at."""

    def subject(self, model: RunId) -> SubjectView:
        """The model of a run. Raises NotFound if there is none (yet)."""
        with reading(self.engine) as session:
            run = runs.read_run(session, model)
            card = predictions.model_card(session, model)
        methods = tuple(item for item in EXPLANATIONS.values() if item.fits(card.backbone))
        return SubjectView(run=run, task=card.task, classes=card.classes, framing=card.framing, methods=methods)

    def request(
        self,
        model: RunId,
        *,
        image: ImageId | None = None,
        blob: str = "",
        target: int | None = None,
        method: str = "gradcam",
    ) -> RunId:
        """Ask for a heatmap of a project's picture or of a stored new one; None explains what the model said.

        Raises NotFound for the model or picture, BadInput for a class or method the model does not have.
        """
        with reading(self.engine) as session:
            run = runs.read_run(session, model)
            card = predictions.model_card(session, model)
            if image is not None:
                images.read_image(session, image)
        if image is None and not BlobStore(self.settings).path(blob).is_file():
            raise NotFound("This picture is not in the store.")
        fitting = [name for name, item in EXPLANATIONS.items() if item.fits(card.backbone)]
        if method not in fitting:
            raise BadInput(f"This model cannot be explained by {method!r}.", hint=f"Choose {', '.join(fitting)}.")
        if target is not None and not 0 <= target < max(1, len(card.classes)):
            raise BadInput(f"This model has no class number {target}.", hint=f"It has {len(card.classes)}, from 0.")
        payload = ExplainPayload(model=model, image=image, blob=blob, target=target, method=method)
        return self.queue.enqueue(payload, project_id=run.project_id)

    def wait(self, run_id: RunId, timeout_s: float = 60.0) -> HeatmapView:
        """The heatmap asked for. Raises GraftError if it failed or is not there in time."""
        return self._view(self.queue.wait(run_id, timeout_s=timeout_s))

    def read(self, run_id: RunId) -> HeatmapView:
        """A heatmap that is there. Raises NotFound."""
        return self._view(self.queue.read(run_id))

    def _view(self, run: RunRecord) -> HeatmapView:
        if run.state in (RunState.FAILED, RunState.CANCELLED):
            raise GraftError(run.error or "The explanation was stopped.", hint=run.hint)
        if run.kind is not RunKind.EXPLAIN or run.result is None:
            raise NotFound(f"Run {run.id} is not a finished explanation.")
        result = run.result
        shares = tuple(float(str(item)) for item in cast(list[JsonValue], result["probabilities"]))
        target = int(str(result["target"]))
        return HeatmapView(
            path=self.settings.heatmaps / str(result["file"]),
            empty=bool(result["empty"]),
            target=target,
            class_name=str(result["class"]),
            probability=shares[target] if shares else None,
            said=int(str(result["said"])),
            probabilities=shares,
            number=None if result["number"] is None else float(str(result["number"])),
        )

    def pictures(self, model: RunId, which: Which, *, split: Split = Split.TEST, limit: int = 60) -> list[PictureView]:
        """The model's pictures of a split: mistakes from the surest on, the least sure, the right ones, or all.

        Of numbers none is right: mistakes are from the farthest off on, the least sure from the closest on.
        """
        with reading(self.engine) as session:
            card = predictions.model_card(session, model)
            found = predictions.read_predictions(session, model, split)
            chosen = _chosen(found, which)[:limit]
            names = {item.image_id: images.read_image(session, item.image_id) for item in chosen if item.image_id}
        return [_picture(item, card, names[item.image_id].original_name) for item in chosen if item.image_id]

    def picture(self, model: RunId, image_id: ImageId) -> PictureView:
        """Any picture, with what it is and what the model said where the run knows. Raises NotFound."""
        with reading(self.engine) as session:
            card = predictions.model_card(session, model)
            image = images.read_image(session, image_id)
            record = predictions.find_prediction(session, model, image_id)
        unknown = PredictionRecord(image_id=image_id, blob=image.blob)
        return _picture(record or unknown, card, image.original_name)

    def blended(self, run_id: RunId, *, opacity: float = 0.7) -> bytes:
        """The explained picture at its full size with the heatmap over it, as PNG. Raises NotFound, PictureLost."""
        view = self.read(run_id)
        payload = ExplainPayload.from_json(self.queue.read(run_id).payload)
        blob = payload.blob
        if payload.image is not None:
            with reading(self.engine) as session:
                blob = images.read_image(session, payload.image).blob
        picture = BlobStore(self.settings).rgb(blob).convert("RGBA")
        heat = Image.open(view.path).resize(picture.size, Image.Resampling.BILINEAR)
        heat.putalpha(heat.getchannel("A").point(lambda value: round(value * opacity)))
        file = io.BytesIO()
        Image.alpha_composite(picture, heat).convert("RGB").save(file, "PNG", compress_level=1)
        return file.getvalue()

    def keep_picture(self, path: Path) -> str:
        """Store a picture from this machine, so that it can be explained; returns its address. Raises BadImage."""
        prepared = prepare(path.read_bytes(), path.name)
        store = BlobStore(self.settings)
        blob = store.put(prepared.content)
        store.put_thumb(blob, prepared.thumb)
        return blob

    # Last, because it hides the built-in `list` from what follows in this class.
    def list(self, project_id: ProjectId) -> list[RunRecord]:
        """The project's trainings with a model, newest first."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN], states=[RunState.DONE])


def _chosen(found: Sequence[PredictionRecord], which: Which) -> Sequence[PredictionRecord]:
    if which is Which.MISTAKES:
        return sorted((item for item in found if not item.right), key=lambda item: -_sureness(item))
    if which is Which.RIGHT:
        return [item for item in found if item.right]
    return sorted(found, key=_sureness) if which is Which.UNSURE else found


def _sureness(item: PredictionRecord) -> float:
    """Confidence; for a number how far it is off, so that the worst come first."""
    if item.predicted_number is not None and item.truth_number is not None:
        return abs(item.predicted_number - item.truth_number)
    return item.confidence or 0.0


def _picture(item: PredictionRecord, card: ModelCard, name: str) -> PictureView:
    return PictureView(
        image=item.image_id,
        blob=item.blob,
        name=name,
        truth=in_words(card, item.truth_index, item.truth_set, item.truth_number),
        truth_set=tuple(item.truth_set or ()) if item.truth_index is None else (item.truth_index,),
        said=in_words(card, item.predicted_index, item.predicted_set, item.predicted_number),
        said_set=None if item.predicted_set is None else tuple(item.predicted_set),
        wrong=item.right is False,
        confidence=item.confidence,
    )
