"""Pictures as the network sees them. The same code feeds training, prediction and explanation."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional


def frame_picture(image: Image.Image, size: int, framing: str) -> NDArray[np.uint8]:
    """An RGB picture as a square (size, size, 3): "squash" stretches all of it, "crop" takes its middle square."""
    if framing == "crop":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    # Pillow's triangle filter, up to one level in a few of 100,000 values, in half of its time or less.
    # A batch of one that torch made: NumPy's has no stride from picture to picture, and passes for channels first.
    whole = torch.from_numpy(np.array(image)).unsqueeze(0).permute(0, 3, 1, 2)
    return functional.interpolate(whole, (size, size), mode="bilinear", antialias=True)[0].permute(1, 2, 0).numpy()


def to_batch(pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> Tensor:
    """Squares (N, S, S, 3) -> (N, 3, S, S) uint8, channels last in memory, as convolutions like it."""
    rows = pictures if isinstance(pictures, np.ndarray) else np.stack(pictures)
    return torch.from_numpy(np.ascontiguousarray(rows)).permute(0, 3, 1, 2)
