"""Files that say where the pictures of a map lie."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.media.blobs import write_file

Places = NDArray[np.float32]  # (N, 2)


def write_layouts(path: Path, images: Sequence[int], layouts: Mapping[str, Places]) -> None:
    """Keep where N images lie in each layout. Raises OSError."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, image=np.array(images, np.int64), **layouts)
    write_file(path, file.getvalue())


def read_layouts(path: Path) -> tuple[NDArray[np.int64], dict[str, Places]]:
    """The images' ids (N,) and the layouts by name. Raises OSError, ValueError for a damaged file."""
    with np.load(path, allow_pickle=False) as file:
        return file["image"], {name: file[name] for name in file.files if name != "image"}
