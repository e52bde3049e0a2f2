"""What is known of a picture besides the answer: how well it was taken, and how far it is from what was learnt."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.checks.looks import colour_shares, sharpness
from core.models import JointLikeness, Likeness
from core.types import JsonObject

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def picture_colours(squares: Tensor) -> Tensor:
    """Of squares (N, 3, S, S) uint8 their colours (N, 64), as a `Likeness` compares them."""
    rows = [colour_shares(square.reshape(-1, 3)) for square in squares.permute(0, 2, 3, 1).numpy()]
    return torch.from_numpy(np.stack(rows).astype(np.float32)) if rows else torch.zeros(0, 64)


def picture_traits(
    squares: Tensor, features: Tensor | None = None, likeness: Likeness | JointLikeness | None = None
) -> list[JsonObject]:
    """Of squares (N, 3, S, S) uint8: `sharp` (per light), `light` 0..255; with features (N, F) and a likeness `far`."""
    far: Sequence[float] | None = None
    if features is not None and likeness is not None:
        far = likeness.distances(features.cpu(), picture_colours(squares))
    found: list[JsonObject] = []
    for index, square in enumerate(squares.permute(0, 2, 3, 1).numpy()):
        grey = square @ _GREY
        light = float(grey.mean())
        traits: JsonObject = {"sharp": round(sharpness(grey) / max(light, 1.0), 5), "light": round(light, 2)}
        if far is not None:
            traits["far"] = round(far[index], 5)
        found.append(traits)
    return found
