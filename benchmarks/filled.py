"""Homes with pictures in them, for benchmarks that need many."""

import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from core.graft import Graft
from core.jobs import execute
from core.jobs.payloads import ImportPayload
from core.store import runs
from core.store.db import writing
from core.store.images import NewImage, create_images
from core.tasks import importing
from core.types import Lane, ProjectId, RunState, Task


def write_pictures(folder: Path, classes: int, each: int, *, side: int = 320, seed: int = 0) -> None:
    """Small smooth pictures, `each` in a sub-folder per class, whose classes differ in colour."""
    random = np.random.default_rng(seed)
    for kind in range(classes):
        (folder / f"class {kind + 1}").mkdir(parents=True, exist_ok=True)
        tint = random.integers(60, 196, 3)
        for number in range(each):
            coarse = np.clip(random.normal(tint, 40, (9, 12, 3)), 0, 255).astype(np.uint8)
            image = Image.fromarray(coarse).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
            image.save(folder / f"class {kind + 1}" / f"{number:05d}.jpg", quality=88)


def imported(graft: Graft, folder: Path, *, labels: bool, classes: int = 0) -> ProjectId:
    """A project with the folder's pictures; without `labels` it has `classes` classes and nothing is labelled."""
    names = [] if labels else [f"class {number + 1}" for number in range(classes)]
    project = graft.projects.create_from_names(f"Benchmark {folder.name}", Task.SINGLE, names)
    graft.imports.start(project, ImportPayload(source=str(folder), folder_labels=labels))
    with writing(graft.engine) as session:
        run = runs.claim_next(session, Lane.FILES, worker="benchmark", now=datetime.now(UTC))
    assert run is not None
    assert execute(importing.run, run, engine=graft.engine, settings=graft.settings) is RunState.DONE
    return project


def rows_only(graft: Graft, count: int) -> ProjectId:
    """A project with many images of which all share one stored picture: what counts is the number of rows."""
    project = graft.projects.create_from_names(f"{count} rows", Task.SINGLE, ["healthy", "rust", "blight"])
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "green").save(content, "JPEG")
    store = graft.gallery.store
    blob = store.put(content.getvalue())
    store.thumb(blob)
    for start in range(0, count, 1000):
        news = [
            NewImage(
                sha256=f"{number:064x}", blob=blob, phash="0" * 16, format="jpeg", width=64, height=64, size_bytes=500,
                original_name=f"field {number % 7}/leaf_{number:06d}.jpg", group_name=f"field {number % 7}", extra={},
            )
            for number in range(start, min(start + 1000, count))
        ]  # fmt: skip
        with writing(graft.engine) as session:
            create_images(session, project, news, now=datetime.now(UTC))
    return project
