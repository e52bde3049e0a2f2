"""The explanation job: one picture, one class, one heatmap. Answered by the interactive worker, kept in a cache."""

import hashlib
import json
from pathlib import Path

import torch
from PIL import Image

from core.errors import BadInput
from core.explanation import explain, heatmap_png
from core.inference import Answer, answers, frame_picture, to_batch
from core.jobs.context import JobContext
from core.jobs.payloads import ExplainPayload
from core.media import BlobStore, open_rgb, write_file
from core.models import LoadedModel
from core.settings import Settings
from core.store import images
from core.store.db import reading
from core.tasks.warm import model_hash, warm_model
from core.types import JsonObject


def run(context: JobContext) -> JsonObject:
    """Explain; the result names the file in `heatmaps/`, the class explained, and what the model said."""
    payload = ExplainPayload.from_json(context.run.payload)
    blob = _blob(context, payload)
    question = (model_hash(context, payload.model), blob, payload.method)
    kept = _path(context.settings, *question, payload.target, "json")
    if kept.exists():
        return dict(json.loads(kept.read_text("utf-8")))
    model = warm_model(context, payload.model)
    image = open_rgb(BlobStore(context.settings).path(blob), min_side=model.card.image_size)
    result = _explained(context.settings, question, payload.target, model, image)
    write_file(kept, json.dumps(result).encode())
    return result


def _explained(
    settings: Settings, question: tuple[str, str, str], target: int | None, model: LoadedModel, image: Image.Image
) -> JsonObject:
    card, network = model.card, model.network
    batch = to_batch([frame_picture(image, card.image_size, card.framing)])
    batch = batch.to(next(network.parameters()).device)
    with torch.inference_mode():
        said = answers(card, network(batch).float().cpu())[0]
    position = _said(said) if target is None else target
    if not 0 <= position < max(1, len(card.classes)):
        raise BadInput(f"This model has no class number {position}.", hint=f"It has {len(card.classes)}, from 0.")
    heat = explain(network, batch, torch.tensor([position]), question[2])[0].numpy()
    path = _path(settings, *question, position, "png")
    write_file(path, heatmap_png(heat, image.width, image.height, card.framing))
    return {
        "file": str(path.relative_to(settings.heatmaps)),
        "empty": not heat.any(),
        "target": position,
        "class": card.classes[position] if card.classes else "",
        "said": _said(said),
        "probabilities": list(said.probabilities or ()),
        "number": said.number,
    }


def _said(answer: Answer) -> int:
    """The output that speaks for the answer: with several classes the likeliest, with a number the only one."""
    if answer.index is not None:
        return answer.index
    shares = answer.probabilities or (1.0,)
    return max(range(len(shares)), key=shares.__getitem__)


def _blob(context: JobContext, payload: ExplainPayload) -> str:
    if payload.image is None:
        return payload.blob
    with reading(context.engine) as session:
        return images.read_image(session, payload.image).blob


def _path(settings: Settings, model: str, blob: str, method: str, target: int | None, suffix: str) -> Path:
    key = hashlib.sha256(json.dumps([model, blob, method, target]).encode()).hexdigest()[:32]
    return settings.heatmaps / key[:2] / f"{key}.{suffix}"
