"""A name for weights: what was computed by them is kept under it."""

import hashlib
from collections.abc import Mapping

from torch import Tensor, uint8


def digest(words: str, state: Mapping[str, Tensor]) -> str:
    """32 hexadecimal digits that stand for some words and for weights, whatever their order in memory."""
    found = hashlib.sha256(words.encode())
    for name, value in state.items():
        found.update(name.encode())
        found.update(value.detach().cpu().flatten().contiguous().view(uint8).numpy().tobytes() if value.ndim else b"")
    return found.hexdigest()[:32]
