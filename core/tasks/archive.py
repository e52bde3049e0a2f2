"""A zip on its way: written under another name, and there under its own only when it is whole."""

import contextlib
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from core.errors import GraftError
from core.jobs.context import JobContext

RESERVE_BYTES = 200 * 2**20


@contextlib.contextmanager
def new_archive(context: JobContext, name: str, *, size_bytes: int) -> Iterator[tuple[zipfile.ZipFile, Path]]:
    """A zip called `name` in the run's export folder. Raises GraftError if the disk is too full for `size_bytes`.

    Pictures and weights are stored as they are: they are compressed already.
    """
    folder = context.settings.exports / str(context.run.id)
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < size_bytes + RESERVE_BYTES:
        size = f"{size_bytes / 2**20:,.0f} MiB"
        raise GraftError(f"The disk is too full for an export of {size}.", hint="Make room, then try again.")
    temporary, final = folder / "unfinished.zip", folder / name
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            yield archive, final
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def file_name(text: str) -> str:
    """Words as part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:60] or "graft"
