"""What changed: a model beside the network it started as, on the same pictures, and what its units wait for."""

from collections.abc import Iterable

import torch

from core.errors import BadInput, NotEnoughImages
from core.explanation.changes import MOST_STAGES, linear_cka, stage_outputs, telling_units, weight_distance
from core.features import PixelCache, cached_features
from core.jobs.context import JobContext
from core.jobs.payloads import ChangesPayload
from core.models import (
    Ensemble,
    Network,
    begin_residuals,
    calibrate_batch_norm,
    knows_photographs,
    stages,
)
from core.recipes import Recipe
from core.store import runs, versions
from core.store.db import reading
from core.store.snapshot import sealed
from core.tasks.train import BATCH as TRAIN_BATCH
from core.tasks.train import CALIBRATING
from core.tasks.warm import warm_model
from core.tasks.whole import start_from
from core.types import JsonObject, JsonValue, Split

PICTURES, SEEN, SHOWN, BATCH = 160, 600, 6, 16
"""Pictures both networks look at; pictures among which a unit's strongest are sought; how many are shown."""


def run(context: JobContext) -> JsonObject:
    """The result holds each layer's likeness and distance, and the pictures that move the most telling units most."""
    payload = ChangesPayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        trained = runs.read_run(session, payload.model)
        if trained.version_id is None or trained.recipe is None:
            raise NotEnoughImages("This model has no pictures of its own to look at.")
        items = versions.read_version(session, trained.version_id).items
    recipe, model = Recipe.from_json(trained.recipe), warm_model(context, payload.model)
    network = model.network
    if isinstance(network, Ensemble):
        raise BadInput("What changed is shown for a single network.", hint="Choose a training without folds.")
    cache = PixelCache(context.settings, model.card.image_size, model.card.framing)
    held = [item for item in items if item.split is not Split.TRAIN] or list(items)
    blobs = [item.blob for item in held][:PICTURES]
    context.progress("Reading the pictures", fraction=0.1, now=True)
    cache.fill(blobs, lambda done, total: context.check_cancelled())
    device = next(network.parameters()).device
    batches = [batch.to(device) for batch in cache.batches(blobs, BATCH)]
    context.progress("Building the network it started as", fraction=0.3, now=True)
    learnt = [item.blob for item in items if item.split is Split.TRAIN][:CALIBRATING]
    cache.fill(learnt, lambda done, total: context.check_cancelled())
    start = _start(context, recipe, network, cache.batches(learnt, TRAIN_BATCH))
    before, after = stage_outputs(start, batches), stage_outputs(network, batches)
    layers: list[JsonValue] = []
    groups = zip(stages(start, MOST_STAGES), stages(network, MOST_STAGES), before, after, strict=True)
    for number, (old, new, one, other) in enumerate(groups):
        likeness = None if one is None or other is None else linear_cka(one, other)
        layers.append({"layer": number + 1, "likeness": likeness, "distance": weight_distance(old, new)})
    some = list(items)[:SEEN]
    cache.fill([item.blob for item in some], lambda done, total: context.check_cancelled())
    context.progress("What its units wait for", fraction=0.7, now=True)
    features = cached_features(network, cache, [item.blob for item in some], context.settings)
    units: list[JsonValue] = []
    weights = network.head.weight.detach().cpu().float()
    if len(weights) == len(model.card.classes):  # one output per class
        for name, unit in zip(model.card.classes, telling_units(weights, features), strict=True):
            strongest = features[:, unit].argsort(descending=True)[:SHOWN].tolist()
            units.append({"class": name, "unit": unit, "images": [some[position].image_id for position in strongest]})
    return sealed({"pictures": len(blobs), "start": recipe.weights, "layers": layers, "units": units})


def _start(context: JobContext, recipe: Recipe, network: Network, learnt: Iterable[torch.Tensor]) -> Network:
    """The network as it was before it learnt: the same seed draws the same weights, and the pictures that it learnt
    from gave it the same statistics of batch norm."""
    torch.manual_seed(recipe.seed)
    start = Network(network.backbone, 1, image_size=network.image_size)
    start_from(context, start, recipe.weights)
    if recipe.weights == "none":
        begin_residuals(start.body, silent=recipe.zero_gamma)
    device = next(network.parameters()).device
    start.to(device)
    if not knows_photographs(recipe.weights, context.settings):
        calibrate_batch_norm(start, (batch.to(device) for batch in learnt))
    return start.eval()
