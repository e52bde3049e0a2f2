"""What is said of a wrong value of an option or an argument: Graft's own words, not those of what reads the line."""

import enum
import typing

import typer
from typer.core import TyperGroup

from core.errors import span_words

LARGEST = 2**63 - 1
"""No row of a database has a larger number."""


class Worded(TyperGroup):
    """The root of all commands: what any of them refuses passes here."""

    def invoke(self, ctx: typing.Any) -> typing.Any:
        """Run the command; a value that its option cannot be is refused by what the option takes."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            told_by_the_command = error.param_hint is not None or not error.message
            if not told_by_the_command and (words := _wanted(error)):
                error.message = words
            raise


def _wanted(error: typer.BadParameter) -> str:
    """What the option takes, as its command declares it; "" for what is neither a number nor one of a few words."""
    command, param = error.ctx.command if error.ctx else None, error.param
    if command is None or command.callback is None or param is None:
        return ""
    hint = typing.get_type_hints(command.callback, include_extras=True).get(param.name or "")
    taken, *more = typing.get_args(hint) if typing.get_origin(hint) is typing.Annotated else (hint,)
    kind = next((item for item in typing.get_args(taken) if item is not type(None)), taken)
    given = _given(error)
    instead = f", not {given!r}." if given is not None else "."
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return f"Choose one of {', '.join(str(item.value) for item in kind)}{instead}"
    if kind not in (int, float):
        return ""
    low, high = next(((item.min, item.max) for item in more if hasattr(item, "min")), (None, None))
    if high == LARGEST and len(given or "") < len(str(LARGEST)):
        high = None  # of interest to nobody but who gave a larger one
    return f"It must be a {'whole ' if kind is int else ''}number{span_words(low, high)}{instead}"


def _given(error: typer.BadParameter) -> str | None:
    """What was given, where that is known."""
    told: list[dict[str, object]] = getattr(error.__cause__, "errors", list)()
    return str(told[0]["input"]) if told else None
