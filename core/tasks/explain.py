"""The explanation job: one picture, one class, one heatmap. Answered by the interactive worker, kept in a cache."""

import torch

from core.errors import BadInput
from core.explanation import explain
from core.inference import answers, frame_picture, open_pixels, to_batch
from core.jobs.context import JobContext
from core.jobs.payloads import ExplainPayload
from core.media import BlobStore
from core.store import images
from core.store.db import reading
from core.tasks.heatmap_files import Question, keep, kept, said_position
from core.tasks.warm import model_hash, warm_model
from core.types import JsonObject


def run(context: JobContext) -> JsonObject:
    """Explain; the result names the file in `heatmaps/`, the class explained, and what the model said."""
    payload = ExplainPayload.from_json(context.run.payload)
    blob, target = _blob(context, payload), payload.target
    question = Question(model_hash(context, payload.model), blob, payload.method)
    known = kept(context.settings, question, target)
    if known is not None:
        return known
    model = warm_model(context, payload.model)
    card, network = model.card, model.network
    if target is not None and not 0 <= target < max(1, len(card.classes)):
        raise BadInput(f"This model has no class number {target}.", hint=f"It has {len(card.classes)}, from 0.")
    pixels = open_pixels(BlobStore(context.settings).read(blob), blob, min_side=card.image_size)
    batch = to_batch([frame_picture(pixels, card.image_size, card.framing)])
    with torch.inference_mode():
        said = answers(card, network(batch.to(next(network.parameters()).device)).float().cpu())[0]
    position = said_position(said) if target is None else target
    heat = explain(network, batch, torch.tensor([position]), payload.method)[0].numpy()
    return keep(context.settings, question, card=card, said=said, target=target, heat=heat, size=pixels.shape[1::-1])


def _blob(context: JobContext, payload: ExplainPayload) -> str:
    if payload.image is None:
        return payload.blob
    with reading(context.engine) as session:
        return images.read_image(session, payload.image).blob
