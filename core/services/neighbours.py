"""Because it resembles: the training pictures nearest to one, to a model."""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy.orm import Session

from core.catalogue import ModelCard, in_words
from core.jobs.payloads import NeighboursPayload
from core.services.base import Service
from core.store import images, predictions, runs, versions
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import ImageId, Lane, RunId, RunKind, RunState, Split, Task

__all__ = ["NeighbourView", "Neighbours", "NeighboursView"]

AT_ONCE = 400
"""With more training pictures the first question may take long: it must not keep others' heatmaps waiting.

Later ones find the pictures' features in the cache.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourView:
    """A training picture, its label in the model's dataset version, and its distance from the picture asked about."""

    image: ImageId
    blob: str
    name: str
    label: str
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighboursView:
    """The nearest, and the nearest labelled otherwise than the model says (`said`, in words; "" for a number)."""

    said: str
    nearest: tuple[NeighbourView, ...]
    others: tuple[NeighbourView, ...]

    @property
    def alike(self) -> int:
        """How many of the nearest are labelled as the model says."""
        return sum(item.label == self.said for item in self.nearest)


class Neighbours(Service):
    """Training pictures that a picture resembles."""

    def request(self, model: RunId, *asked: ImageId, alone: bool = False) -> RunId:
        """Ask of pictures; `alone` says that nobody else waits for an answer. Raises NotFound for the model or one."""
        with reading(self.engine) as session:
            run = runs.read_run(session, model)
            predictions.model_files(session, model)
            for image in asked:
                images.read_image(session, image)
            learnt = 0
            if run.version_id is not None:
                learnt = len(versions.read_version(session, run.version_id).part(Split.TRAIN))
            soon = alone or learnt <= AT_ONCE or _compared(session, run)
        payload = NeighboursPayload(model=model, images=list(asked))
        return self.queue.enqueue(payload, project_id=run.project_id, lane=Lane.INTERACTIVE if soon else Lane.ANALYSIS)

    def views(self, run: RunRecord) -> list[NeighboursView]:
        """What was found for each picture, in the order they were asked of; empty while it is not done."""
        if run.state is not RunState.DONE or run.result is None:
            return []
        payload, result = NeighboursPayload.from_json(run.payload), cast(dict[str, Any], run.result)
        with reading(self.engine) as session:
            card = ModelCard.from_json(predictions.read_card(session, payload.model) or {})
            version_id = runs.read_run(session, payload.model).version_id
            assert version_id is not None  # else there was nothing to compare with
            items = {item.image_id: item for item in versions.read_version(session, version_id).items}
            wanted = [
                ImageId(item["image"]) for found in result["found"] for item in (*found["nearest"], *found["others"])
            ]
            names = images.read_names(session, wanted)

        def one(item: dict[str, Any]) -> NeighbourView:
            image = ImageId(item["image"])
            known = items[image]
            several = list(known.targets) if card.task is Task.MULTI else None
            index = known.targets[0] if several is None and known.targets else None
            return NeighbourView(
                image=image,
                blob=known.blob,
                name=names[image],
                label=in_words(card, index, several, known.number),
                distance=item["distance"],
            )

        return [
            NeighboursView(
                said="" if card.task is Task.REGRESSION else in_words(card, None, found["answer"], None),
                nearest=tuple(one(item) for item in found["nearest"]),
                others=tuple(one(item) for item in found["others"]),
            )
            for found in result["found"]
        ]


def _compared(session: Session, model: RunRecord) -> bool:
    """Whether a model's training pictures were compared before."""
    done = runs.list_runs(
        session, project_id=model.project_id, kinds=[RunKind.NEIGHBOURS], states=[RunState.DONE], limit=100
    )
    return any(run.payload.get("model") == model.id for run in done)
