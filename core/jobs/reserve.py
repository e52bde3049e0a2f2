"""A little room kept aside, so that on a full disk a run's end can still be written down and read on its page."""

import contextlib
import shutil

from core.media import write_file
from core.settings import Settings

NAME, BYTES = "reserve", 2**20
PLENTY = 16 * BYTES
"""Room is kept aside only where there is so much: keeping it must not be what fills the disk."""


def keep_room(settings: Settings) -> None:
    """Keep room aside, unless it is or there is too little."""
    with contextlib.suppress(OSError):
        if not (settings.home / NAME).exists() and shutil.disk_usage(settings.home).free > PLENTY:
            write_file(settings.home / NAME, bytes(BYTES), sync=False)


def give_room(settings: Settings) -> None:
    """Let go of what was kept aside."""
    with contextlib.suppress(OSError):
        (settings.home / NAME).unlink(missing_ok=True)
