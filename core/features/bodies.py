"""Compute once: features of a frozen body, kept on disk under the body's weights and the pictures' addresses."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from core.features.pixels import PixelCache
from core.features.rows import RowCache
from core.inference import BATCH, compute_features
from core.models import Network
from core.settings import Settings

PART = 8 * BATCH


def fingerprint(network: Network, pixels: PixelCache) -> str:
    """32 hexadecimal digits that stand for the body's weights and how pictures reach it."""
    digest = hashlib.sha256(f"{network.backbone} {pixels.size} {pixels.framing}".encode())
    for name, value in network.body.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes() if value.ndim else b"")
    return digest.hexdigest()[:32]


def cached_features(
    network: Network,
    pixels: PixelCache,
    blobs: Sequence[str],
    settings: Settings,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Features (N, F) float32 of pictures that `pixels` holds; computed only where they are not kept yet."""
    rows = RowCache(settings.features / fingerprint(network, pixels), (network.head.in_features,), np.float32)
    missing = rows.missing(blobs)

    def features(part: Sequence[str]) -> Tensor:
        return compute_features(network, pixels.batches(part, BATCH))

    watch(0, len(missing))
    for start in range(0, len(missing), PART):
        part = missing[start : start + PART]
        rows.add(part, features(part).numpy())
        watch(start + len(part), len(missing))
    found = rows.read(blobs, lambda blob: features([blob])[0].numpy())
    return torch.from_numpy(found.astype(np.float32, copy=False))
