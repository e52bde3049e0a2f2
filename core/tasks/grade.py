"""The grading job: every method that fits a model, tested on the model's own validation pictures and on those that an
expert circled. What is measured stands in `core.explanation.grading`; the verdict in `core.evaluation.trust`.
"""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.catalogue import EXPLANATIONS
from core.checks.leaks import unit_name
from core.errors import GraftError, NotEnoughImages
from core.evaluation import Grade, Units, in_order, judge, units_of
from core.explanation import explain, seen_box
from core.explanation.grading import chance_maps, deletion_insertion, kept, likeness, points_inside, randomised
from core.features import PixelCache
from core.inference import probabilities
from core.jobs.context import JobContext
from core.jobs.payloads import GradePayload
from core.labels import Circle
from core.models import LoadedModel, Network
from core.store import circles, images, predictions
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.snapshot import sealed
from core.tasks.heatmap_files import answer_of, said_position
from core.tasks.warm import warm_model
from core.types import ImageId, JsonObject, Split, Task

PICTURES, CHECKED, MOST_CIRCLED = 24, 6, 40
"""How many pictures are deleted and inserted, explained again with random weights, and pointed at."""
BATCH = 8


@dataclass(frozen=True, slots=True)
class _Pictures:
    """Squares (N, 3, S, S) and the outputs (N,) to explain."""

    squares: Tensor
    targets: Tensor


def run(context: JobContext) -> JsonObject:
    """Grade; the result holds one entry per method, the best first."""
    payload = GradePayload.from_json(context.run.payload)
    model = warm_model(context, payload.model)
    split, records, units = _chosen(context, payload)
    cache = PixelCache(context.settings, model.card.image_size, model.card.framing)
    said = torch.tensor([said_position(answer_of(item)) for item in records])
    own = _Pictures(_squares(context, cache, [item.blob for item in records]), said)
    blobs, truth, regions = _circled(context, model)
    circled = _Pictures(_squares(context, cache, blobs), torch.tensor(truth, dtype=torch.long)) if blobs else None
    grades, seconds = _graded(context, model, own, units, circled, regions)
    return sealed(
        {
            "pictures": len(records),
            "split": split.value,
            "circled": len(blobs),
            "methods": [
                {"method": name, "seconds": seconds[name], **dataclasses.asdict(grades[name])}
                for name in in_order(grades)
            ],
        }
    )


def _chosen(context: JobContext, payload: GradePayload) -> tuple[Split, list[PredictionRecord], Units]:
    """Validation pictures, which may choose; test pictures where there are none."""
    with reading(context.engine) as session:
        split = Split.VALIDATION
        records = predictions.read_predictions(session, payload.model, split)
        if not records:
            split = Split.TEST
            records = predictions.read_predictions(session, payload.model, split)
        if not records:
            raise NotEnoughImages("This training has no validation or test pictures to grade by.")
        some = np.sort(np.random.default_rng(0).permutation(len(records))[:PICTURES])
        records = [records[index] for index in some]
        facts = [images.read_image(session, item.image_id) for item in records if item.image_id is not None]
    return split, records, units_of([unit_name(item.case_name, item.group_name) for item in facts])


def _circled(context: JobContext, model: LoadedModel) -> tuple[list[str], list[int], Tensor]:
    """Circled pictures of a class that the model knows, or of any number: addresses, outputs, regions (N, S, S)."""
    card, positions = model.card, {class_id: index for index, class_id in enumerate(model.card.class_ids)}
    if context.run.project_id is None:
        return [], [], torch.zeros(0, 1, 1, dtype=torch.bool)
    with reading(context.engine) as session:
        found = circles.read_circles(session, context.run.project_id)
        classes = images.classes_of(session, list(found))
        numbers = card.task is Task.REGRESSION
        own = {
            item: [0] if numbers else [positions[one] for one in classes[item] if one in positions] for item in found
        }
        usable: list[ImageId] = [item for item in found if own[item]]
        facts = [images.read_image(session, item) for item in usable[:MOST_CIRCLED]]
    regions = [region(found[item.id], item.width, item.height, card.image_size, card.framing) for item in facts]
    truth = [min(own[item.id]) for item in facts]
    stacked = torch.from_numpy(np.stack(regions)) if regions else torch.zeros(0, 1, 1, dtype=torch.bool)
    return [item.blob for item in facts], truth, stacked


def region(found: Sequence[Circle], width: int, height: int, side: int, framing: str) -> NDArray[np.bool_]:
    """Circles of a picture of that size, as the network's square (side, side) shows them: True inside any."""
    left, top, right, bottom = seen_box(width, height, framing)
    across = (left + (np.arange(side) + 0.5) / side * (right - left)) / width
    down = (top + (np.arange(side) + 0.5) / side * (bottom - top)) / height
    inside = np.zeros((side, side), dtype=bool)
    for item in found:
        inside |= ((across[None] - item.x) / item.rx) ** 2 + ((down[:, None] - item.y) / item.ry) ** 2 <= 1
    return inside


def _squares(context: JobContext, cache: PixelCache, blobs: Sequence[str]) -> Tensor:
    cache.fill(blobs, lambda done, total: context.check_cancelled())
    return cache.read(blobs)


def _graded(
    context: JobContext,
    model: LoadedModel,
    own: _Pictures,
    units: Units,
    circled: _Pictures | None,
    regions: Tensor,
) -> tuple[dict[str, Grade], dict[str, float]]:
    """Every method's grade and its seconds per picture."""
    network, side = model.network, own.squares.shape[-1]
    device, numbers = next(network.parameters()).device, model.card.task is Task.REGRESSION
    methods = [item.name for item in EXPLANATIONS.values() if item.fits(model.card.backbone)]

    def areas(maps: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        parts = []
        for start in range(0, len(maps), BATCH):
            context.check_cancelled()
            part = slice(start, start + BATCH)
            squares = own.squares[part].to(device)
            share = kept(network, squares) if numbers else lambda logits: probabilities(model.card, logits)
            parts.append(
                deletion_insertion(network, squares, own.targets[part].to(device), maps[part].to(device), share)
            )
        gone, come = (torch.cat(item).double().numpy() for item in zip(*parts, strict=True))
        return gone, come

    def maps_of(method: str, which: Network, pictures: _Pictures) -> Tensor:
        parts = []
        for start in range(0, len(pictures.targets), BATCH):
            context.check_cancelled()
            part = slice(start, start + BATCH)
            parts.append(explain(which, pictures.squares[part], pictures.targets[part], method))
        return torch.cat(parts)

    context.progress("What chance maps would do", fraction=0.0, now=True)
    gone, come = areas(chance_maps(len(own.targets), side, seed=0))
    forgetful = randomised(network, own.squares)
    few = _Pictures(own.squares[:CHECKED], own.targets[:CHECKED])
    grades: dict[str, Grade] = {}
    seconds: dict[str, float] = {}
    for number, method in enumerate(methods):
        context.progress(EXPLANATIONS[method].title, fraction=number / len(methods), now=True)
        begin = time.perf_counter()
        try:
            maps = maps_of(method, network, own)
        except GraftError as error:  # it cannot explain this network, and says why
            context.log.info("%s: %s", method, error)
            continue
        seconds[method] = (time.perf_counter() - begin) / len(maps)
        deletion, insertion = areas(maps)
        hits, shares = np.zeros(0, bool), np.zeros(0)
        if circled is not None:
            inside = points_inside(maps_of(method, network, circled), regions)
            hits, shares = inside[0].numpy(), inside[1].double().numpy()
        grades[method] = judge(
            deletion=deletion, insertion=insertion, chance_gain=come - gone, units=units, hits=hits, areas=shares,
            alike=likeness(maps[:CHECKED], maps_of(method, forgetful, few)),
        )  # fmt: skip
    return grades, seconds
