"""Files that are written where a person asks for them, outside of the home, and why a place cannot be written."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from core.errors import GraftError, is_full

ON_ANOTHER_DISK = "Make room, or choose a home on another disk: --home DIR or GRAFT_HOME."


def whole_file(path: Path, write: Callable[[Path], object], *, hint: str = "Choose another place.") -> None:
    """Let `write` make a file that takes the path's place once it is whole. Raises GraftError where it cannot be.

    On a full disk half a report would else stand in place of the one before. A device or pipe is written itself.
    """
    try:
        if path.exists() and not path.is_file():
            write(path)
            return
        place = path.resolve()  # what a link points to is replaced, not the link
        beside = place.with_name(f"{place.name}.{os.getpid()}")
        try:
            write(beside)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise GraftError(f"{path} cannot be written: {why_not(path, error)}.", hint=hint) from error


def why_not(place: Path, error: OSError) -> str:
    """Why writing at `place` failed with this error, in words that go on a sentence."""
    if error.errno == errno.EROFS or only_read(place):
        return "it lies on a disk that can only be read"
    if is_full(error):
        return "the disk is full"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "you have no right to write there"
    if error.errno == errno.ENOENT:
        return "its folder is not there"
    return error.strerror or "the system does not say why"


def unwritable(home: Path, error: OSError) -> GraftError:
    """What a command and the doctor say of a home that nothing can be kept in, and the way out."""
    if only_read(home):
        hint = "Make it writable, or copy the home to another disk and name it there: --home DIR or GRAFT_HOME."
    elif is_full(error):
        hint = ON_ANOTHER_DISK
    else:
        hint = "Give yourself the right to write there, or choose another folder: --home DIR or GRAFT_HOME."
    return GraftError(f"The home {home} cannot be written: {why_not(home, error)}.", hint=hint)


def only_read(place: Path) -> bool:
    """Whether the disk of `place`, or of where it would be made, takes no changes."""
    there = next(item for item in (place, *place.parents) if os.access(item, os.F_OK))
    return bool(os.statvfs(there).f_flag & os.ST_RDONLY)
