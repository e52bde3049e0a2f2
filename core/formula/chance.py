"""Chance by counting: every number follows from a key and its own place, on any device and in any batch.

The mixing is splitmix64's finaliser (https://doi.org/10.1145/2714064.2660195), over 64-bit integers that wrap.
"""

import torch
from torch import Tensor

GOLDEN = -7046029254386353131  # 2^64 / golden ratio, as a signed number
_FIRST, _SECOND = -4658895280553007687, -7723592293110705685
STREAM = 1 << 24
"""Numbers in one stream; streams of one key do not overlap."""


def _mix(value: Tensor) -> Tensor:
    value = value ^ ((value >> 30) & 0x3FFFFFFFF)
    value = value * _FIRST
    value = value ^ ((value >> 27) & 0x1FFFFFFFFF)
    value = value * _SECOND
    return value ^ ((value >> 31) & 0x1FFFFFFFF)


def keys(seed: int, *numbers: Tensor) -> Tensor:
    """One key (B,) int64 per row of the numbers (B,) int64."""
    key = _mix(torch.full_like(numbers[0], seed) + GOLDEN)
    for number in numbers:
        key = _mix(key ^ _mix(number + GOLDEN))
    return key


def uniform(key: Tensor, stream: int, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """(B, count) float32 in [low, high) for keys (B,); another stream of the same key gives other numbers."""
    places = torch.arange(1, count + 1, device=key.device) + stream * STREAM
    bits = _mix(key[:, None] + places * GOLDEN)
    share = ((bits >> 40) & 0xFFFFFF).float() / 0x1000000
    return low + (high - low) * share


def choose(key: Tensor, stream: int, count: int) -> Tensor:
    """(B,) int64 in [0, count)."""
    return (uniform(key, stream, 1)[:, 0] * count).long()
