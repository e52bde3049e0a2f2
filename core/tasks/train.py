"""The training job: a dataset version and a recipe in; a model, its predictions and curves out."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from core.catalogue import BACKBONES, ModelCard
from core.errors import BadInput
from core.jobs.context import JobContext
from core.media import BlobStore, open_rgb
from core.models import Network, build_network, calibrate_batch_norm, save_model
from core.models.network import MEAN, STD
from core.recipes import Recipe
from core.store import predictions, versions
from core.store.db import reading, writing
from core.store.predictions import PredictionRecord
from core.store.versions import VersionItem, VersionRecord
from core.training import fit_head, fit_temperature
from core.types import JsonObject, Split

BATCH = 32


def run(context: JobContext) -> JsonObject:
    """Train; the result holds the best epoch, its validation score and timings in seconds."""
    if context.run.version_id is None or context.run.recipe is None:
        raise BadInput("A training needs a recipe and a dataset version.")
    recipe = Recipe.from_json(context.run.recipe)
    with reading(context.engine) as session:
        version = versions.read_version(session, context.run.version_id)
    started = time.perf_counter()
    device = "cuda" if context.settings.device == "auto" and torch.cuda.is_available() else context.settings.device
    device = "cpu" if device == "auto" else device
    context.facts(device=device)
    torch.manual_seed(recipe.seed)
    outputs = len(version.classes)
    network = build_network(recipe.backbone, outputs, weights=recipe.weights, weights_dir=context.settings.weights)
    network = network.to(device).eval()
    size = recipe.image_size or BACKBONES[recipe.backbone].image_size
    pixels = _pixels(context, version.items, size)
    decoded_at = time.perf_counter()
    features = _features(context, network, version, pixels, recipe, device)
    computed_at = time.perf_counter()
    best_epoch, score = _fit(context, network, version, features, recipe)
    logits = network.head.cpu()(features).detach()
    targets = torch.tensor([item.targets[0] for item in version.items])
    chosen = torch.tensor([item.split is Split.VALIDATION for item in version.items])
    temperature = fit_temperature(logits[chosen], targets[chosen])
    _keep(context, network, version, recipe, size, temperature, logits)
    context.progress("Done", fraction=1.0, now=True, score=score)
    return {
        "best_epoch": best_epoch,
        "score": score,
        "timings_s": {
            "decode": decoded_at - started,
            "features": computed_at - decoded_at,
            "fit": time.perf_counter() - computed_at,
        },
    }


def _pixels(context: JobContext, items: Sequence[VersionItem], size: int) -> Tensor:
    store = BlobStore(context.settings)
    pixels = np.empty((len(items), 3, size, size), dtype=np.uint8)
    for index, item in enumerate(items):
        context.check_cancelled()
        image = open_rgb(store.path(item.blob), min_side=size).resize((size, size))
        pixels[index] = np.asarray(image).transpose(2, 0, 1)
        context.progress("Reading the pictures", fraction=0.4 * (index + 1) / len(items))
    return torch.from_numpy(pixels)


def _features(
    context: JobContext, network: Network, version: VersionRecord, pixels: Tensor, recipe: Recipe, device: str
) -> Tensor:
    if recipe.weights == "none":
        learnt = torch.tensor([item.split is Split.TRAIN for item in version.items])
        calibrate_batch_norm(network, (batch.to(device) for batch in torch.split(pixels[learnt][:256], BATCH)))
    with torch.inference_mode():
        parts = [network.forward_features(batch.to(device)).cpu() for batch in _watched(context, pixels)]
    return torch.cat(parts).clone()


def _watched(context: JobContext, pixels: Tensor) -> Iterator[Tensor]:
    batches = torch.split(pixels, BATCH)
    for index, batch in enumerate(batches):
        context.check_cancelled()
        context.progress("Looking at the pictures", fraction=0.4 + 0.5 * (index + 1) / len(batches))
        yield batch


def _fit(
    context: JobContext, network: Network, version: VersionRecord, features: Tensor, recipe: Recipe
) -> tuple[int, float]:
    targets = torch.tensor([item.targets[0] for item in version.items])

    def part(split: Split) -> tuple[Tensor, Tensor]:
        chosen = torch.tensor([item.split is split for item in version.items])
        return features[chosen], targets[chosen]

    def report(epoch: int, values: dict[str, float]) -> None:
        context.check_cancelled()
        context.metrics(epoch, values)
        context.progress("Learning", fraction=0.9 + 0.1 * epoch / recipe.epochs, epoch=epoch, epochs=recipe.epochs)

    fit = fit_head(part(Split.TRAIN), part(Split.VALIDATION), len(version.classes), recipe, report)
    with torch.no_grad():
        network.head.weight.copy_(fit.weight)
        network.head.bias.copy_(fit.bias)
    return fit.best_epoch, fit.score


def _keep(
    context: JobContext,
    network: Network,
    version: VersionRecord,
    recipe: Recipe,
    size: int,
    temperature: float,
    logits: Tensor,
) -> None:
    card = ModelCard(
        task=version.task,
        classes=tuple(version.class_names),
        class_ids=tuple(int(str(item["id"])) for item in version.classes),
        backbone=recipe.backbone,
        image_size=size,
        framing=recipe.framing,
        mean=MEAN,
        std=STD,
        temperature=temperature,
    )
    files = save_model(context.folder, network, card)
    shares = torch.softmax(logits / temperature, 1)
    records = [
        PredictionRecord(
            image_id=item.image_id,
            split=item.split,
            blob=item.blob,
            truth_index=item.targets[0],
            predicted_index=int(share.argmax()),
            confidence=float(share.max()),
            probabilities=[float(value) for value in share],
        )
        for item, share in zip(version.items, shares, strict=True)
    ]
    with writing(context.engine) as session:
        predictions.save_model(session, context.run.id, files=files, card=card.to_json())
        predictions.replace_predictions(session, context.run.id, records)
