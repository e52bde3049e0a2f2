"""Pictures by formula, each drawn once and kept: a CPU then spends its time on learning instead of drawing."""

from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from core.formula.picture import FormulaPictures

AT_ONCE = 32
"""Pictures drawn together: more need more memory, not less time."""


class FormulaPool:
    """The same pictures, from files that are mapped into memory; one is drawn when it is first asked for.

    Files in `folder` that another pool has left are gone on with if they have this one's shape. Raises OSError.
    """

    def __init__(self, pictures: FormulaPictures, folder: Path) -> None:
        self.pictures, self.count, self.formulas = pictures, pictures.count, pictures.formulas
        shape = (pictures.count, 3, pictures.size, pictures.size)
        self._kept = _mapped(folder / "drawn.npy", shape, np.uint8)
        self._there = _mapped(folder / "there.npy", shape[:1], np.bool_)
        self._labels = torch.cat([pictures.labels(part) for part in torch.split(torch.arange(self.count), 8192)])

    def labels(self, positions: Tensor) -> Tensor:
        """(n, columns) int64."""
        return self._labels[positions.cpu()]

    def read(self, positions: Tensor) -> Tensor:
        """(n, 3, S, S) uint8."""
        places = positions.numpy()
        missing = np.unique(places[~self._there[places]])
        for start in range(0, len(missing), AT_ONCE):
            now = missing[start : start + AT_ONCE]
            self._kept[now] = self.pictures.read(torch.from_numpy(now)).cpu().numpy()
            self._there[now] = True  # after the pictures: a process that dies in between draws them again
        return torch.from_numpy(self._kept[places])


def _mapped(path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> np.memmap:
    if path.is_file():
        found = open_memmap(path, mode="r+")
        if found.shape == shape and found.dtype == dtype:
            return found
    path.parent.mkdir(parents=True, exist_ok=True)
    return open_memmap(path, mode="w+", dtype=dtype, shape=shape)
