"""What stands in the JSON that a report tells from, read with the types that it has, and figures as text."""

from collections.abc import Mapping, Sequence
from typing import cast

from core.evaluation import Interval
from core.evaluation.abstaining import Basis
from core.types import JsonValue
from core.words import as_sure, count, plain_number, with_interval

Entries = Mapping[str, JsonValue]


def entries(value: JsonValue) -> Entries:
    """An object; an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def lines(value: JsonValue) -> Sequence[Entries]:
    """A list of objects."""
    return [entries(item) for item in items(value)]


def items(value: JsonValue) -> Sequence[JsonValue]:
    """A list; an empty one where there is none."""
    return value if isinstance(value, list) else []


def texts(value: JsonValue) -> list[str]:
    """A list of texts."""
    return [str(item) for item in items(value)]


def number(value: JsonValue) -> float:
    """A number that is there."""
    return float(cast(float, value))


def counted(value: JsonValue, singular: str, plural: str = "") -> str:
    """A number that is there with what it counts."""
    return count(round(number(value)), singular, plural)


def interval(value: JsonValue, ends: JsonValue) -> Interval | None:
    """A figure with its [low, high], or None where there was too little to tell."""
    if not isinstance(value, int | float) or not isinstance(ends, list):
        return None
    low, high = map(number, ends)
    return Interval(float(value), low, high)


def triple(value: JsonValue) -> Interval | None:
    """A figure as [value, low, high]."""
    found = items(value)
    return Interval(*map(number, found)) if len(found) == 3 else None


def basis(found: Entries) -> Basis:
    """Which pictures set the limits of answers, and which are counted."""
    limits, judged = entries(found.get("limits_from")), entries(found.get("judged_on"))
    return Basis(
        limits=round(number(limits.get("pictures", 0))),
        judged=round(number(judged.get("pictures", 0))),
        shared=round(number(judged.get("also_learnt_from", 0))),
        out_of_fold=bool(limits.get("out_of_fold")),
        enough=bool(limits.get("enough", True)),
    )


def percent(found: Interval | None) -> str:
    """A share with its interval below it, for a cell."""
    return "–" if found is None else f"{found.value:.0%}\n{100 * found.low:.0f} to {100 * found.high:.0f}"


def share(found: Interval | None) -> str:
    """A share with its interval, for a sentence."""
    return "–" if found is None else f"{found.value:.0%} ({100 * found.low:.0f} to {100 * found.high:.0f})"


def decimal(found: Interval | None, places: int = 2) -> str:
    """A figure with its interval below it, for a cell."""
    if found is None:
        return "–"
    value, low, high = (plain_number(item, places) for item in (found.value, found.low, found.high))
    return f"{value}\n{low} to {high}"


def sized(found: Interval | None, value: float, *, cell: bool = False) -> str:
    """A number with its interval where there is one, in a sentence or a cell."""
    if found is None:
        return three(value)
    if cell:
        return "{}\n{} to {}".format(*as_sure(found.value, found.low, found.high))
    return with_interval(found.value, found.low, found.high)


def three(value: float) -> str:
    """A figure with three digits, a large one in full."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def ends(value: JsonValue) -> str:
    """An interval of shares by itself."""
    found = items(value)
    return f"{100 * number(found[0]):.0f} to {number(found[1]):.0%}" if found else "–"
