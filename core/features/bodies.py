"""Compute once: features of a frozen body, kept on disk under the body's weights and the pictures' addresses."""

import functools
import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from core.features.pixels import PixelCache
from core.features.rows import RowCache
from core.inference import BATCH, PLAIN, RUNTIMES, compute_features
from core.models import Network
from core.settings import Settings

PART = 8 * BATCH


def fingerprint(network: Network, pixels: PixelCache, runtime: str = PLAIN) -> str:
    """32 hexadecimal digits that stand for the body's weights, how pictures reach it and what computes."""
    computed = "" if runtime == PLAIN else f" {runtime}"
    digest = hashlib.sha256(f"{network.backbone} {pixels.size} {pixels.framing}{computed}".encode())
    for name, value in network.body.state_dict().items():
        digest.update(name.encode())
        digest.update(
            value.detach().cpu().flatten().contiguous().view(torch.uint8).numpy().tobytes() if value.ndim else b""
        )
    return digest.hexdigest()[:32]


def cached_features(
    network: Network,
    pixels: PixelCache,
    blobs: Sequence[str],
    settings: Settings,
    watch: Callable[[int, int], None] = lambda done, total: None,
    runtime: str = PLAIN,
) -> Tensor:
    """Features (N, F) float32 of pictures that `pixels` holds; computed only where they are not kept yet."""
    rows = RowCache(settings.features / fingerprint(network, pixels, runtime), (network.head.in_features,), np.float32)
    missing = rows.missing(blobs)
    forward = functools.cache(lambda: RUNTIMES[runtime](network))  # OpenVINO converts the network first: once

    def features(part: Sequence[str], seen: Callable[[int], None] = lambda _: None) -> Tensor:
        return compute_features(network, pixels.batches(part, BATCH), seen, forward())

    watch(0, len(missing))
    for start in range(0, len(missing), PART):
        part = missing[start : start + PART]
        rows.add(part, features(part, _beyond(watch, start, len(missing))).numpy())
    found = rows.read(blobs, lambda blob: features([blob])[0].numpy())
    return torch.from_numpy(found.astype(np.float32, copy=False))


def _beyond(watch: Callable[[int, int], None], before: int, total: int) -> Callable[[int], None]:
    return lambda done: watch(before + done, total)
