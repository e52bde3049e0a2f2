"""People's words in charts."""

from collections.abc import Sequence

from core.words import with_interval

MOST = 32
"""Letters of a name beside an axis."""


def plain(text: str) -> str:
    """`text` as it is: plotly would read tags and entities in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def with_ends(values: Sequence[float], low: Sequence[float], high: Sequence[float], *, percent: bool) -> list[str]:
    """Values with their intervals, as a chart tells them of a dot."""
    found = zip(values, low, high, strict=True)
    if not percent:
        return [with_interval(*item) for item in found]
    return ["{:.0f} ({:.0f} to {:.0f})".format(*(100 * part for part in item)) for item in found]


def short(names: Sequence[str], most: int = MOST) -> dict[str, str]:
    """Each name with at most so many letters: cut in its middle, for names of one family differ at their ends.

    Of names that would be the same then, as many last words are cut off, too, as it takes to tell them apart.
    """
    found = {name: _cut(name, most) for name in names}
    for text in set(found.values()):
        family = [name for name in found if found[name] == text]
        if len(family) > 1:
            words = [name.split(" ") for name in family]
            fewest = min(map(len, words))
            cuts = [[_cut(" ".join(item[:-off]).rstrip(",;:"), most - 1) for item in words] for off in range(1, fewest)]
            if cuts:
                best = max(cuts, key=lambda texts: len(set(texts)))
                found |= {name: f"{end}…" for name, end in zip(family, best, strict=True)}
    return found


def _cut(text: str, most: int) -> str:
    tail = most * 2 // 5
    return text if len(text) <= most else f"{text[: most - tail - 1].rstrip()}…{text[-tail:].lstrip()}"
