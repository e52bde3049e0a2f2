"""How a network sees a project's pictures: features of a run's model, or of one that has learnt none of the labels."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from core.catalogue import BACKBONES, bundled_weights, published_weights
from core.features import PixelCache, cached_features
from core.inference import BATCH, choose_device
from core.jobs.context import JobContext
from core.models import Network, calibrate_batch_norm
from core.settings import Settings
from core.tasks.warm import warm_model
from core.tasks.whole import start_from
from core.types import RunId

UNTRAINED, UNTRAINED_PX = "timm:test_resnet", 128
Features = NDArray[np.float32]


def unlearnt_features(context: JobContext, blobs: Sequence[str]) -> tuple[Features, str]:
    """Features (N, F) of a network that has seen none of these labels, and which one, in words.

    No other host is asked: weights count if they are on this machine already.
    """
    name, weights, size, words = _weights(context.settings)
    torch.manual_seed(0)
    network = Network(name, 1, image_size=size)
    pixels = PixelCache(context.settings, size, "squash")
    pixels.fill(blobs, lambda done, total: _watch(context, done, total))
    start_from(context, network, weights)
    network.to(choose_device(context.settings.device))
    if weights == "none":
        device = next(network.parameters()).device
        calibrate_batch_norm(network, (batch.to(device) for batch in pixels.batches(blobs[:BATCH], BATCH)))
    return _seen(context, network, pixels, blobs), words


def learnt_features(context: JobContext, model: RunId, blobs: Sequence[str]) -> tuple[Features, str]:
    """Features (N, F) by which a run's model tells its classes, and which model, in words. Raises NotFound."""
    loaded = warm_model(context, model)
    pixels = PixelCache(context.settings, loaded.card.image_size, loaded.card.framing)
    pixels.fill(blobs, lambda done, total: _watch(context, done, total))
    return _seen(context, loaded.network, pixels, blobs), f"the model of run {model}"


def _seen(context: JobContext, network: Network, pixels: PixelCache, blobs: Sequence[str]) -> Features:
    found: Features = cached_features(
        network, pixels, blobs, context.settings, lambda done, total: _watch(context, done, total)
    ).numpy()
    return found


def _watch(context: JobContext, done: int, total: int) -> None:
    context.check_cancelled()
    if total:
        context.progress(f"Reading the pictures: {done:,} of {total:,}", fraction=done / total)


def _weights(settings: Settings) -> tuple[str, str, int, str]:
    """The best that is on this machine: backbone, weights as in a recipe, picture size, and all of it in words."""
    for item in BACKBONES.values():
        # Those of timm's are not taken: to read them its client asks the hub.
        if not item.name.startswith("timm:") and settings.holds_weights(published_weights(item.name)):
            return item.name, "imagenet", item.image_size, f"{item.name} (ImageNet)"
    for name, card in bundled_weights().items():
        return name, "bundled", card.image_size, f"{name} (weights that come with Graft)"
    return UNTRAINED, "none", UNTRAINED_PX, "a network without pretrained weights"
