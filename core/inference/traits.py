"""What is known of a picture besides the answer: how well it was taken, and how far it is from what was learnt."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from core.checks.looks import sharpness
from core.types import JsonObject

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def picture_traits(squares: Tensor, far: Sequence[float] | None = None) -> list[JsonObject]:
    """Of squares (N, 3, S, S) uint8: `sharp` (per light), `light` 0..255, and `far`, where distances (N,) are known."""
    found: list[JsonObject] = []
    for index, square in enumerate(squares.permute(0, 2, 3, 1).numpy()):
        grey = square @ _GREY
        light = float(grey.mean())
        traits: JsonObject = {"sharp": round(sharpness(grey) / max(light, 1.0), 5), "light": round(light, 2)}
        if far is not None:
            traits["far"] = round(far[index], 5)
        found.append(traits)
    return found
