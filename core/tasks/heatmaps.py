"""The heatmaps job: what a model looks at in all pictures of a split, and in the mean over each class.

Batched, and in bfloat16 or with OpenVINO's help where that pays and keeps the maps: the result says so, and such maps
are kept apart from those that a single question gets.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.errors import NotEnoughImages
from core.explanation import Way, choose_way, paint, way_again
from core.features import PixelCache
from core.inference import machine
from core.jobs.context import JobContext
from core.jobs.payloads import HeatmapsPayload
from core.media import forget_oldest
from core.models import Network
from core.store import images, predictions
from core.store.db import reading
from core.tasks.heatmap_files import Question, answer_of, keep, kept, said_position
from core.tasks.warm import model_hash, warm_model
from core.training import delete_checkpoint, load_decisions, save_decisions
from core.types import JsonObject, JsonValue, Split
from core.words import count

BATCH = 16
OPACITY = 0.75


@dataclass(slots=True)
class _Class:
    """What adds up for the mean of a class: maps (S, S), pictures (S, S, 3), how many."""

    heat: NDArray[np.float64]
    picture: NDArray[np.float64]
    count: int = 0


@dataclass(slots=True)
class _Found:
    items: list[JsonValue] = field(default_factory=list)
    classes: dict[int, _Class] = field(default_factory=dict)
    way: Way | None = None


def run(context: JobContext) -> JsonObject:
    """Explain what the model said of each picture; the result names the files; the means lie in the run's folder."""
    payload = HeatmapsPayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        records = predictions.read_predictions(session, payload.model, Split(payload.split))
        records = [item for item in records if item.image_id is not None]
        sizes = {item.blob: images.read_size(session, item.image_id) for item in records if item.image_id is not None}
    if not records:
        raise NotEnoughImages(f"This training has no {payload.split} pictures.")
    model, content = warm_model(context, payload.model), model_hash(context, payload.model)
    pixels = PixelCache(context.settings, model.card.image_size, model.card.framing)
    pixels.fill([item.blob for item in records], lambda done, total: context.check_cancelled())
    found = _Found()
    for start in range(0, len(records), BATCH):
        context.check_cancelled()
        context.progress(f"{start:,} of {count(len(records), 'heatmap')}", fraction=start / len(records))
        part = records[start : start + BATCH]
        said = [answer_of(item) for item in part]
        batch, targets = pixels.read([item.blob for item in part]), torch.tensor([said_position(one) for one in said])
        if found.way is None:
            found.way = _way(context, model.network, batch, targets, total=len(records))
        maps = found.way.explain(batch, targets, payload.method).numpy()
        for item, one, heat in zip(part, said, maps, strict=True):
            question = Question(content, item.blob, payload.method, found.way.name)
            answer = kept(context.settings, question, None) or keep(
                context.settings, question, card=model.card, said=one, target=None, heat=heat, size=sizes[item.blob]
            )
            names = ("file", "empty", "target")
            found.items.append({"image": item.image_id, **{name: answer[name] for name in names}})
        _add(found.classes, targets.tolist(), maps, batch.permute(0, 2, 3, 1).numpy())
    forget_oldest(context.settings.heatmaps, context.settings.max_heatmap_bytes)
    assert found.way is not None  # there are pictures
    context.afterwards(functools.partial(delete_checkpoint, context.folder))
    return {
        "pictures": len(records),
        "precision": found.way.name,
        "time_ratio": found.way.time_ratio,
        "apart": found.way.apart,
        "items": found.items,
        "classes": [_mean(context, target, found.classes[target]) for target in sorted(found.classes)],
    }


def _way(context: JobContext, network: Network, batch: Tensor, targets: Tensor, *, total: int) -> Way:
    """What is fastest for `total` pictures, these first. A job that was killed goes on as it began: how busy the
    machine is when it is tried again must not change its maps."""
    here, decided = machine(network.head.weight.device), load_decisions(context.folder) or {}
    if decided.get("machine") == here:
        again = way_again(
            network, str(decided["way"]), time_ratio=float(str(decided["time_ratio"])),
            apart=float(str(decided["apart"])), side=batch.shape[-1], settings=context.settings,
        )  # fmt: skip
        if again is not None:
            return again
    method = HeatmapsPayload.from_json(context.run.payload).method
    way = choose_way(network, batch, targets, method, total=total, settings=context.settings)
    told: JsonObject = {"machine": here, "way": way.name, "time_ratio": way.time_ratio, "apart": way.apart}
    save_decisions(context.folder, told)
    return way


def _add(
    classes: dict[int, _Class], targets: Sequence[int], maps: NDArray[np.float32], squares: NDArray[np.uint8]
) -> None:
    for target, heat, square in zip(targets, maps, squares, strict=True):
        one = classes.setdefault(target, _Class(np.zeros(heat.shape), np.zeros(square.shape)))
        one.heat += heat
        one.picture += square
        one.count += 1


def _mean(context: JobContext, target: int, found: _Class) -> JsonObject:
    """The mean map over the mean picture, as a file; `border` is the share of heat in the outermost tenth."""
    heat = found.heat / found.count
    square = Image.fromarray((found.picture / found.count).round().astype(np.uint8)).convert("RGBA")
    over = Image.fromarray(paint((heat / max(heat.max(), 1e-12)).astype(np.float32)))
    over.putalpha(over.getchannel("A").point(lambda value: round(value * OPACITY)))
    name = f"mean-{target}.png"
    Image.alpha_composite(square, over).convert("RGB").save(context.folder / name)
    edge = max(1, heat.shape[0] // 10)
    inner = heat[edge:-edge, edge:-edge]
    share = 1 - float(inner.sum() / heat.sum()) if heat.sum() > 0 else 0.0
    area = 1 - inner.size / heat.size
    return {"target": target, "pictures": found.count, "file": name, "border": share, "border_area": area}
