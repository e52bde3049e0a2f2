"""Pictures of two colours: what most jobs are tried on."""

from pathlib import Path

import numpy as np
from PIL import Image

from core.graft import Graft
from core.jobs.payloads import ImportPayload
from core.types import ProjectId, Task
from tests.at_once import complete


def import_red_and_green(graft: Graft, folder: Path) -> ProjectId:
    """A project of 30 pictures of two classes; their files are left in the folder."""
    random = np.random.default_rng(0)
    for index in range(30):
        colour = "red" if index % 2 else "green"
        pixels = random.integers(0, 20, (48, 48, 3), dtype=np.uint8)
        pixels[..., 0 if colour == "red" else 1] += 190
        path = folder / "in" / colour / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    made = graft.projects.create("Colours", Task.SINGLE)
    complete(graft, graft.imports.start(made, ImportPayload(source=str(folder / "in"))))
    return made
