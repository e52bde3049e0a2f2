"""Compute once: what a frozen part of a network says, kept on disk under its weights and the pictures' addresses."""

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.features.pixels import PixelCache
from core.features.rows import RowCache
from core.inference import PLAIN, RUNTIMES, compute_features, pictures_at_once
from core.models import Network, digest
from core.settings import Settings

AT_ONCE, MOST, QUICK_S = 64, 256, 0.1
"""Pictures that are read, looked at and kept together: twice as many, and at most so many, where that is so quick."""
Say = Callable[[Tensor], Tensor]
"""Pictures (N, 3, S, S) uint8 -> what a frozen part says of them (N, ...), on the CPU."""


class Sayings:
    """What a frozen part says of pictures, as rows of one shape; whatever is not kept yet is computed and kept."""

    def __init__(self, folder: Path, like: Tensor, pixels: PixelCache, say: Say) -> None:
        """`like` (1, ...) has the shape and type of a row: float32 or bfloat16."""
        # Channels last, as convolutions like it; NumPy has no bfloat16.
        self._last = like.ndim == 4
        self._kind = like.dtype
        row = self._as_rows(like)
        self._rows = RowCache(folder, row.shape[1:], row.dtype.type)
        self._pixels, self._say = pixels, say

    def missing(self, blobs: Sequence[str]) -> list[str]:
        """Which of all that will be read are not kept yet: to be asked first."""
        return self._rows.missing(blobs)

    def read(self, blobs: Sequence[str]) -> Tensor:
        """(n, ...) of pictures that the pixel cache holds. Raises OSError where they cannot be kept."""
        self.keep(blobs)
        found = torch.from_numpy(self._rows.read(blobs, lambda blob: self._of([blob])[0]))
        said = found.view(self._kind)
        return said.permute(0, 3, 1, 2) if self._last else said

    def keep(self, blobs: Sequence[str]) -> None:
        """Compute and keep what is not kept yet, as `read` would, without reading it back."""
        new = [blob for blob in dict.fromkeys(blobs) if blob not in self._rows]
        if new:
            self._rows.add(new, self._of(new))

    def _of(self, blobs: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        return self._as_rows(self._say(self._pixels.read(blobs)))

    def _as_rows(self, said: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        rows = said.permute(0, 2, 3, 1) if self._last else said
        return (rows.view(torch.int16) if self._kind is torch.bfloat16 else rows).contiguous().numpy()


def fingerprint(network: Network, pixels: PixelCache, runtime: str = PLAIN) -> str:
    """32 hexadecimal digits that stand for the body's weights, how pictures reach it and what computes."""
    computed = "" if runtime == PLAIN else f" {runtime}"
    return digest(f"{network.backbone} {pixels.size} {pixels.framing}{computed}", network.body.state_dict())


def cached_features(
    network: Network,
    pixels: PixelCache,
    blobs: Sequence[str],
    settings: Settings,
    watch: Callable[[int, int], None] = lambda done, total: None,
    runtime: str = PLAIN,
) -> Tensor:
    """Features (N, F) float32 of pictures that `pixels` holds; computed only where they are not kept yet."""
    # OpenVINO splits them itself.
    size = pictures_at_once(network.head.weight.device) if runtime.startswith(PLAIN) else MOST
    forward = functools.cache(lambda: RUNTIMES[runtime](network, settings))  # made only if it is needed
    features = Sayings(
        settings.features / fingerprint(network, pixels, runtime),
        torch.empty(1, network.head.in_features),
        pixels,
        lambda pictures: compute_features(network, torch.split(pictures, size), forward=forward()),
    )
    missing = features.missing(blobs)
    watch(0, len(missing))
    done, together = 0, AT_ONCE
    while done < len(missing):
        part, begun = missing[done : done + together], time.perf_counter()
        features.keep(part)
        done += len(part)
        watch(done, len(missing))
        if together < MOST and time.perf_counter() - begun < QUICK_S:
            together *= 2
    return features.read(blobs)
