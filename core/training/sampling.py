"""Pictures moved: each point of the new picture is taken from somewhere in the old one, all geometry at once.

On a processor OpenCV samples the bytes as they lie in the cache, on a GPU torch samples planes; they differ by the
rounding of the sampled bytes, less than one level.
"""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

BORDERS = {"reflection": cv2.BORDER_REFLECT, "zeros": cv2.BORDER_CONSTANT}
"""What lies beyond a picture, as torch calls it -> as OpenCV does."""
Bytes = NDArray[np.uint8]


class Warp:
    """OpenCV's sampling of squares (S, S, 3), in buffers of its own: one for each thread."""

    def __init__(self, side: int, beyond: str) -> None:
        self.side, self.border = side, BORDERS[beyond]
        # OpenCV samples pixels of four bytes in half the time that it takes for those of three.
        self._padded, self._moved = (np.empty((side, side, 4), np.uint8) for _ in range(2))

    def __call__(self, square: Bytes, matrix: NDArray[np.float64], found: Bytes) -> None:
        """Fill `found` (S, S, 3) by a row of `pixel_placement`."""
        cv2.cvtColor(square, cv2.COLOR_RGB2RGBA, dst=self._padded)
        cv2.warpAffine(
            self._padded, matrix, (self.side, self.side), dst=self._moved,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=self.border,
        )  # fmt: skip
        cv2.cvtColor(self._moved, cv2.COLOR_RGBA2RGB, dst=found)


def squares_of(pictures: Tensor) -> Bytes:
    """(N, 3, S, S) uint8 -> (N, S, S, 3); no copy of what lies channels last already."""
    return pictures.permute(0, 2, 3, 1).contiguous().numpy()


def in_shares(work: Callable[[range], None], count: int) -> None:
    """`work` on each of `count`, in as many threads as torch uses."""
    threads = torch.get_num_threads()
    list(_pool(threads).map(work, (range(first, count, threads) for first in range(threads))))


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    cv2.setNumThreads(1)  # the pool's threads are enough
    return ThreadPoolExecutor(threads)


def sample_planes(pictures: Tensor, placement: Tensor, beyond: str) -> Tensor:
    """(N, 3, S, S) -> float, in planes, sampled by torch at `placement` (N, 2, 3): where each point comes from.

    Coordinates lie in [-1, 1], as in `functional.affine_grid`; `beyond` is one of BORDERS. All on one device.
    """
    grid = placement_grid(placement, pictures.shape[-1])
    return functional.grid_sample(pictures.float(), grid, padding_mode=beyond, align_corners=False)


def placement_grid(placement: Tensor, side: int) -> Tensor:
    """(N, 2, 3) -> (N, side, side, 2), as `functional.affine_grid`, whose product of thin matrices is slow on a GPU."""
    line = (torch.arange(side, device=placement.device) + 0.5) * (2 / side) - 1
    a, b, shift = placement[:, None, None].unbind(-1)  # (N, 1, 1, 2): rows and columns of the grid, x and y
    return torch.addcmul(shift + a * line[:, None], b, line[:, None, None])


def pixel_placement(placement: Tensor, side: int) -> Tensor:
    """The same (N, 2, 3) float64 for the numbers of rows and columns, from 0, instead of [-1, 1]."""
    linear, shift = placement[:, :, :2].double(), placement[:, :, 2:].double()
    middle = torch.full((2, 1), (side - 1) / 2, dtype=torch.float64)
    return torch.cat([linear, middle - linear @ middle + shift * side / 2], 2)
