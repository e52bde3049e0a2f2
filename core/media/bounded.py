"""A folder of files that can be remade is kept below a size: what was not used for longest goes first."""

import os
from pathlib import Path


def forget_oldest(folder: Path, most_bytes: int) -> int:
    """Delete the files of `folder` used longest ago until nine tenths of `most_bytes` are left; returns how many.

    Nothing is deleted below `most_bytes`. A file's time is that of its last change: whoever uses one touches it.
    """
    found: list[tuple[float, int, str]] = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = f"{place}/{name}"
            try:
                facts = os.stat(path)  # noqa: PTH116 - a hundred thousand files: plain calls
            except FileNotFoundError:
                continue  # another process was faster
            found.append((facts.st_mtime, facts.st_size, path))
    total, forgotten = sum(size for _, size, _ in found), 0
    if total <= most_bytes:
        return 0
    for _, size, path in sorted(found):
        if total <= 0.9 * most_bytes:
            break
        Path(path).unlink(missing_ok=True)
        total -= size
        forgotten += 1
    return forgotten
