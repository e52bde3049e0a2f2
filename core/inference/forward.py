"""Running a network over pictures, batch by batch."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from core.errors import OutOfMemory
from core.inference.runtimes import Forward, by_torch
from core.models import Network

Watch = Callable[[int], None]
BATCH, GPU_BATCH = 32, 256


def pictures_at_once(device: torch.device) -> int:
    """How many pictures a network looks at together: what a processor's cores keep near them, what fills a GPU."""
    return GPU_BATCH if device.type == "cuda" else BATCH


def compute_features(
    network: Network, batches: Iterable[Tensor], watch: Watch = lambda _: None, forward: Forward | None = None
) -> Tensor:
    """Features (N, F) float32 on the CPU of batches (n, 3, S, S), by torch unless `forward` is given.

    `watch` is told how many pictures are done.
    """
    device = next(network.parameters()).device
    parts, done = [], 0
    forward = forward or by_torch(network)
    for batch in batches:
        parts.append(_fitting(forward, batch.to(device, non_blocking=True)))
        done += len(batch)
        watch(done)
    # Out of inference mode: a head is going to learn from them.
    return torch.cat(parts).clone() if parts else torch.empty(0, network.head.in_features)


def compute_logits(network: Network, batches: Iterable[Tensor], watch: Watch = lambda _: None) -> Tensor:
    """Logits (N, K) float32 on the CPU."""
    return head_logits(network, compute_features(network, batches, watch))


def head_logits(network: Network, features: Tensor) -> Tensor:
    """Features (N, F) -> logits (N, K) float32 on the CPU."""
    with torch.inference_mode():
        return network.forward_head(features.to(network.head.weight.device)).float().cpu()


def _fitting(forward: Forward, batch: Tensor) -> Tensor:
    """Features of a batch, in halves where the device is too small for the whole. Raises OutOfMemory."""
    try:
        return forward(batch)
    except torch.OutOfMemoryError as error:
        if len(batch) == 1:
            raise OutOfMemory(
                "Not even one picture fits the device's memory.", hint="Choose a smaller network or image size."
            ) from error
        torch.cuda.empty_cache()
        half = len(batch) // 2
        return torch.cat([_fitting(forward, batch[:half]), _fitting(forward, batch[half:])])
