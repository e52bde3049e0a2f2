"""How large a trained model is, and how long it takes for a picture on this machine."""

import statistics
import time
from pathlib import Path

import torch

from core.models import Network
from core.types import JsonObject

WARM_UP, LOOKS = 3, 15


def measured(network: Network, folder: Path, size: int) -> JsonObject:
    """`parameters`, `size_bytes` of its files of weights, and `latency_ms`: the median for one picture at a time."""
    return {
        "parameters": sum(item.numel() for item in network.parameters()),
        "size_bytes": sum(item.stat().st_size for item in folder.rglob("weights.safetensors")),
        "latency_ms": round(_latency_ms(network, size), 3),
    }


def _latency_ms(network: Network, size: int) -> float:
    device = next(network.parameters()).device
    picture = torch.zeros(1, 3, size, size, dtype=torch.uint8)
    network.eval()
    times = []
    with torch.inference_mode():
        for _ in range(WARM_UP + LOOKS):
            started = time.perf_counter()
            network(picture.to(device)).cpu()  # back on the CPU: the answer is there
            times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times[WARM_UP:])
