"""Files that are written where a person asks for them, outside of the home."""

import os
from collections.abc import Callable
from pathlib import Path

from core.errors import GraftError


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
        raise GraftError(f"{path} cannot be written: {error.strerror}.", hint=hint) from error
