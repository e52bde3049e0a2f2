"""Pictures of plain colours: what most jobs are tried on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.graft import Graft
from core.jobs.payloads import ImportPayload
from core.types import ProjectId, Task
from tests.at_once import complete

CHANNELS = {"red": 0, "green": 1, "blue": 2}


def paint(folder: Path, names: Sequence[str], seed: int = 0) -> Path:
    """A picture of each of these colours, however capitalised, in a folder called so; its name is its place here."""
    random = np.random.default_rng(seed)
    for index, name in enumerate(names):
        pixels = random.integers(0, 20, (48, 48, 3), dtype=np.uint8)
        pixels[..., CHANNELS[name.lower()]] += 190
        path = folder / name / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


def import_painted(graft: Graft, project: str, folder: Path) -> ProjectId:
    """A new project of the pictures in the folder."""
    made = graft.projects.create(project, Task.SINGLE)
    complete(graft, graft.imports.start(made, ImportPayload(source=str(folder))))
    return made
