"""Every error Graft raises on purpose.

    GraftError                what happened, and what to do about it
    ├── NotFound              the named project, image or run does not exist
    ├── NameTaken             a name that must be unique is already used
    ├── BadInput              a value a person gave cannot be used as it is
    │   ├── BadImage          a file that is not a usable picture
    │   └── NoDevice          the device that the settings name is not there
    ├── NotEnoughImages       too few labelled images for what was asked
    ├── WeightsUnavailable    pretrained weights could not be fetched, found or trusted
    ├── PictureLost           a stored picture is gone or damaged
    ├── HomeUnusable          the home's database is damaged, or a newer Graft's
    ├── OutOfMemory           even the smallest batch does not fit the device
    ├── Diverged              what a network computes stopped being numbers
    └── DiskFull              nothing more can be written

    Cancelled                 a person asked the job to stop

Programmer's mistakes stay ValueError and TypeError.
"""

import errno
import math
from typing import ClassVar


class GraftError(Exception):
    """An error a person can act on.

    `message` says what happened, with the value or file; `hint` says what to do next. `lasting`: a job that failed of
    it fails of it again, unless it is asked for in another way.
    """

    lasting: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class NotFound(GraftError):
    """The named project, image or run does not exist (any more)."""


class NameTaken(GraftError):
    """A name that must be unique is already used."""


class BadInput(GraftError):
    """A value a person gave cannot be used; the message names the field or file."""

    lasting = True


def ensure_between(name: str, value: float, low: float, high: float) -> None:
    """Raises BadInput for a field whose value lies outside of its range, or is no number."""
    if not low <= value <= high:
        raise BadInput(f"{name} must lie between {_digits(low)} and {_digits(high)}, not {_digits(value)}.")


def span_words(low: float | None, high: float | None) -> str:
    """The range of a number, as the end of "a number": " from 1 to 20", " from 1 on"; "" for none."""
    if low is None:
        return "" if high is None else f" up to {_digits(high)}"
    return f" from {_digits(low)} {'on' if high is None else f'to {_digits(high)}'}"


def _digits(value: float) -> str:
    """A number written out: 43,200, or 0.00000001, which not everybody reads as 1e-08."""
    if not math.isfinite(value) or 0 < abs(value) < 1e-12:
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.12f}".rstrip("0").rstrip(".")


class BadImage(BadInput):
    """A file that is not a usable picture; the message says why."""


class NoDevice(BadInput):
    """The device that the settings name is not there; with other settings a job goes on."""

    lasting = False


class NotEnoughImages(GraftError):
    """Too few labelled images for what was asked; the message gives the smallest number."""

    lasting = True


class WeightsUnavailable(GraftError):
    """Pretrained weights could not be fetched, found or trusted."""


class PictureLost(GraftError):
    """A stored picture is gone or damaged; who knows its name calls it by `named`. `what` is "is damaged", say."""

    def __init__(self, blob: str, *, gone: bool) -> None:
        self.blob, self.what = blob, "is gone from Graft's home" if gone else "is damaged"
        super().__init__(
            f"A stored picture {self.what}.",
            hint="Bring the same file in again, which puts it back, then resume or start again; or put the home's "
            "folder blobs back from a copy; or delete the picture, then start again without it.",
        )

    def named(self, name: str) -> str:
        """What happened, with the picture's name."""
        return f"The stored picture {name} {self.what}."


class HomeUnusable(GraftError):
    """The home's database cannot be opened, now or later: it is damaged, or of a newer Graft."""


class OutOfMemory(GraftError):
    """Even the smallest batch does not fit the device."""


class Diverged(GraftError):
    """What a network computes stopped being numbers: it learns the same from the same seed."""

    lasting = True


MAKE_ROOM = "Make room, then go on: what was written before is kept."


class DiskFull(GraftError):
    """Nothing more can be written to the disk."""

    def __init__(self, message: str = "The disk is full.", *, hint: str = MAKE_ROOM) -> None:
        super().__init__(message, hint=hint)


def is_full(error: BaseException | None) -> bool:
    """Whether a write failed for want of room: on the disk, within a quota, or below a limit of a file's size."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Cancelled(Exception):
    """A person asked the job to stop. No GraftError: whoever tells of what fails and goes on must not go on."""
