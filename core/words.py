"""Numbers and names in sentences."""

import unicodedata
from collections.abc import Sequence
from math import ceil, log10

JOINERS = "\u200c\u200d\u200e\u200f"
"""Nothing of them is seen, yet they hold emoji together, Persian letters apart, and tell which way to read."""
NAMED = 6
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def legible(letter: str) -> bool:
    """Whether a letter is part of what a person wrote, and not one that breaks lines or steers what shows it."""
    return letter in JOINERS or unicodedata.category(letter) not in _STEERING


def one_line(text: str) -> str:
    """The text for a single line: what would break the line, or steer a terminal or the screen, becomes "?"."""
    return "".join(letter if legible(letter) else "?" for letter in text)


def count(number: int, singular: str, plural: str = "") -> str:
    """A number with what is counted: "1 image", "1,200 images"; a verb may go with it."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def enumerated(names: Sequence[str]) -> str:
    """All names in a row, told apart also where commas stand in them."""
    return ("; " if any("," in name for name in names) else ", ").join(names)


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """Names in a sentence; of many the first few, and how many more there are."""
    if len(names) <= most + 1:
        return enumerated(names)
    return f"{enumerated(names[:most])} and {len(names) - most} others"


def too_far(names: str, more: int) -> str:
    """Of which classes nothing is forecast for so many more pictures, and why."""
    return f"{names}: {more} more would be over three times as many as there are: nobody can tell."


def are(number: int) -> str:
    """How many there are: "there is 1", "there are 1,200"."""
    return f"there {'is' if number == 1 else 'are'} {number:,}"


def plain_number(value: float, places: int = 0, *, sign: bool = False) -> str:
    """A number as it is printed: with a real minus sign, none before what is rounded to 0; `sign` shows a plus, too."""
    text = f"{value:{'+' if sign else ''},.{places}f}"
    if not text.strip("+-0."):
        return text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def places(low: float, high: float) -> int:
    """How many places a number and the ends of its interval are shown with: the interval's width has two digits."""
    return min(max(ceil(1 - log10(high - low)), 0), 6) if high > low else 2


def as_sure(value: float, low: float, high: float) -> tuple[str, str, str]:
    """A number and the ends of its interval, all with as many places as the interval warrants."""
    shown = places(low, high)
    return plain_number(value, shown), plain_number(low, shown), plain_number(high, shown)


def with_interval(value: float, low: float, high: float) -> str:
    """The same in one: "3.4 (1.6 to 5.2)"."""
    return "{} ({} to {})".format(*as_sure(value, low, high))


def between(low: float, high: float) -> str:
    """Two shares as "20% to 30%", or as one where nobody could tell them apart."""
    first, last = f"{low:.0%}", f"{high:.0%}"
    return first if first == last else f"{first} to {last}"


def moved(distance: float) -> str:
    """How far weights are from where they began, as a share of their length."""
    return "not at all" if distance == 0 else "under 0.1%" if distance < 0.001 else f"{distance:.1%}"


ONLY_THE_HEAD = (
    "Nothing changed but the last layer, which makes the answer: the rest was frozen, or no epoch that changed it was "
    "better than the beginning, which was kept."
)
"""Said of a model whose network is the one that it began with."""
SAME = 0.995
"""So much alike is not worth naming."""


def changed_most(parts: Sequence[tuple[int, float | None, float]]) -> str:
    """What training changed most of a network's parts (number, how alike it stayed or None, how far it moved)."""
    if all(distance == 0 for _, _, distance in parts):
        return ONLY_THE_HEAD
    least, which = min(((alike, part) for part, alike, _ in parts if alike is not None), default=(1.0, 0))
    if least > SAME:
        return "Hardly anything changed: what the network sees is what it saw before."
    said = f"Part {which} of {len(parts)} changed most"
    return f"{said}: what it makes of a picture stayed {least:.2f} alike, where 1 is the same."


def labeller(name: str) -> str:
    """Who labelled; of labels that came with the pictures, under nobody's name, that is not known."""
    return "people unknown, before the import" if name == "import" else name
