"""Importing against its floor: read, sha256, decode and thumbnail in plain Pillow, on one core.

Both are measured in seconds of processor time, which other programs disturb less than the clock; writing to a slow
disk is not in it.

python -m benchmarks.import_images [FOLDER] [--most 300] [--repeats 3]
"""

import argparse
import contextlib
import hashlib
import io
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from benchmarks.table import Figure, alternated, fresh_home, one_core, show
from core.demo import write_demo_set
from core.graft import Graft
from core.jobs import execute
from core.jobs.payloads import ImportPayload
from core.media.decode import EXTENSIONS
from core.store import runs
from core.store.db import writing
from core.tasks import importing
from core.types import Lane, RunState, Task

TARGET = 0.7


def floor(files: Sequence[Path]) -> float:
    """Processor seconds that plain Pillow takes. Its `thumbnail` uses the JPEG decoder's own scaling, as Graft does."""
    started = time.process_time()
    for file in files:
        content = file.read_bytes()
        hashlib.sha256(content).hexdigest()
        with Image.open(io.BytesIO(content)) as image:
            small = image.convert("RGB") if image.format != "JPEG" else image
            small.thumbnail((256, 256))
            small.convert("RGB").save(io.BytesIO(), "JPEG", quality=85)
    return time.process_time() - started


def graft(home: Graft, folder: Path, count: int) -> float:
    """Processor seconds of the import job, from its claim to its recorded end, everything on disk."""
    project = home.projects.create("Benchmark", Task.SINGLE)
    home.imports.start(project, ImportPayload(source=str(folder)))
    started = time.process_time()
    with writing(home.engine) as session:
        run = runs.claim_next(session, Lane.FILES, worker="benchmark", now=datetime.now(UTC))
    assert run is not None
    state = execute(importing.run, run, engine=home.engine, settings=home.settings)
    seconds = time.process_time() - started
    report = home.imports.report(run.id)
    assert state is RunState.DONE and report.added + report.duplicates == count, report
    return seconds


def measured(name: str, folder: Path, most: int, repeats: int) -> Figure:
    """One folder's line."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)[:most]
    # No home is deleted before all is measured: ext4 steps over every file deleted in the last minutes when it makes
    # a new one, which made each repeat slower than the one before, by up to a millisecond per file.
    with contextlib.ExitStack() as homes, tempfile.TemporaryDirectory() as linked:
        for number, file in enumerate(found):
            (Path(linked) / f"{number:05d}{file.suffix.lower()}").symlink_to(file.resolve())
        with one_core():
            seconds, least = alternated(
                repeats,
                lambda: graft(homes.enter_context(fresh_home()), Path(linked), len(found)),
                lambda: floor(found),
            )
    ratio = least / seconds
    return Figure(
        name=f"{name} (n={len(found)}, median of {repeats})",
        value=f"{len(found) / seconds:.0f} pictures/s",
        floor=f"{len(found) / least:.0f} pictures/s",
        ratio=ratio,
        target=f">= {TARGET} x floor",
        met=ratio >= TARGET,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="real pictures to measure too")
    parser.add_argument("--most", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as drawn:
        write_demo_set(Path(drawn), 40, 1, processes=2)
        figures = [measured("drawn leaves, 384 px", Path(drawn) / "pictures", options.most, options.repeats)]
    if options.folder:
        figures.append(measured("the given folder", options.folder, options.most, options.repeats))
    show("Importing, one core", figures)


if __name__ == "__main__":
    main()
