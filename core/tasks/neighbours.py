"""Which training pictures a picture resembles to a model, and which of another class. Features are cached."""

import torch

from core.errors import NotEnoughImages
from core.explanation.neighbours import nearest
from core.features import PixelCache, cached_features
from core.inference import answers
from core.jobs.context import JobContext
from core.jobs.payloads import NeighboursPayload
from core.store import images, runs, versions
from core.store.db import reading
from core.tasks.warm import warm_model
from core.types import JsonObject, JsonValue, Split
from core.words import count

SHOWN = 6


def run(context: JobContext) -> JsonObject:
    """The result names the nearest, and the nearest whose label is not what the model says, with their distances."""
    payload = NeighboursPayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        trained = runs.read_run(session, payload.model)
        asked = images.read_image(session, payload.image)
        items = (
            [] if trained.version_id is None else versions.read_version(session, trained.version_id).part(Split.TRAIN)
        )
    items = [item for item in items if item.image_id != payload.image and item.blob != asked.blob]
    if not items:
        raise NotEnoughImages("This model has no training pictures of its own to compare with.")
    model = warm_model(context, payload.model)
    cache = PixelCache(context.settings, model.card.image_size, model.card.framing)
    blobs = [asked.blob, *(item.blob for item in items)]

    def watch(done: int, total: int) -> None:
        context.check_cancelled()
        if total:
            context.progress(f"Looking at {done:,} of {count(total, 'training picture')}", fraction=done / total)

    cache.fill(blobs, watch)
    features = cached_features(model.network, cache, blobs, context.settings, watch)
    device = model.network.head.weight.device
    with torch.inference_mode():
        said = answers(model.card, model.network.forward_head(features[:1].to(device)).float().cpu())[0]
    answer = said.classes if said.classes is not None else () if said.index is None else (said.index,)
    anyone = torch.ones(len(items), dtype=torch.bool)
    other = torch.tensor([bool(item.targets) and set(item.targets) != set(answer) for item in items])

    def found(allowed: torch.Tensor) -> list[JsonValue]:
        near = nearest(features[1:], features[0], allowed, SHOWN)
        return [{"image": items[position].image_id, "distance": distance} for position, distance in near]

    return {"answer": list(answer), "nearest": found(anyone), "others": found(other)}
