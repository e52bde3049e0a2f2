"""Every error Graft raises on purpose.

    GraftError                what happened, and what to do about it
    ├── NotFound              the named project, image or run does not exist
    ├── NameTaken             a name that must be unique is already used
    ├── BadInput              a value a person gave cannot be used as it is
    │   └── BadImage          a file that is not a usable picture
    ├── NotEnoughImages       too few labelled images for what was asked
    ├── WeightsUnavailable    pretrained weights could not be fetched, found or trusted
    ├── OutOfMemory           even the smallest batch does not fit the device
    └── Cancelled             a person asked the job to stop

Programmer's mistakes stay ValueError and TypeError.
"""


class GraftError(Exception):
    """An error a person can act on.

    `message` says what happened, with the value or file; `hint` says what to do next.
    """

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


class BadImage(BadInput):
    """A file that is not a usable picture; the message says why."""


class NotEnoughImages(GraftError):
    """Too few labelled images for what was asked; the message gives the smallest number."""


class WeightsUnavailable(GraftError):
    """Pretrained weights could not be fetched, found or trusted."""


class OutOfMemory(GraftError):
    """Even the smallest batch does not fit the device."""


class Cancelled(GraftError):
    """A person asked the job to stop."""
