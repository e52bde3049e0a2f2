"""Which training pictures others resemble to a model, and which of another class. Features are cached."""

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
    """The result names, for each picture, the nearest, and the nearest whose label is not what the model says.

    Each stands with its distance.
    """
    payload = NeighboursPayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        trained = runs.read_run(session, payload.model)
        asked = [images.read_image(session, image) for image in payload.images]
        items = (
            [] if trained.version_id is None else versions.read_version(session, trained.version_id).part(Split.TRAIN)
        )
    others = [[item.image_id != one.id and item.blob != one.blob for item in items] for one in asked]
    if not all(map(any, others)):
        raise NotEnoughImages("This model has no training pictures of its own to compare with.")
    model = warm_model(context, payload.model)
    cache = PixelCache(context.settings, model.card.image_size, model.card.framing)
    blobs = [*(one.blob for one in asked), *(item.blob for item in items)]

    def watch(done: int, total: int) -> None:
        context.check_cancelled()
        if total:
            context.progress(f"Looking at {done:,} of {count(total, 'training picture')}", fraction=done / total)

    cache.fill(blobs, watch)
    features = cached_features(model.network, cache, blobs, context.settings, watch)
    device = model.network.head.weight.device
    queries, learnt = features[: len(asked)], features[len(asked) :]
    with torch.inference_mode():
        said = answers(model.card, model.network.forward_head(queries.to(device)).float().cpu())

    def near(query: torch.Tensor, allowed: torch.Tensor) -> list[JsonValue]:
        found = nearest(learnt, query, allowed, SHOWN)
        return [{"image": items[position].image_id, "distance": distance} for position, distance in found]

    found: list[JsonValue] = []
    for query, one, known in zip(queries, said, others, strict=True):
        answer = one.classes if one.classes is not None else () if one.index is None else (one.index,)
        anyone = torch.tensor(known)
        other = torch.tensor([bool(item.targets) and set(item.targets) != set(answer) for item in items])
        found.append({"answer": list(answer), "nearest": near(query, anyone), "others": near(query, anyone & other)})
    return {"found": found}
