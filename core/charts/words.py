"""People's words in charts and lists."""

from collections.abc import Sequence

MOST = 32
"""Letters of a name beside an axis."""
NAMED = 6


def plain(text: str) -> str:
    """`text` as it is: plotly would read tags and entities in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: str, most: int = MOST) -> str:
    """`text` with at most so many letters, cut in its middle: names of one family differ at their ends."""
    if len(text) <= most:
        return text
    tail = most * 2 // 5
    return f"{text[: most - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """Names in a sentence; of many the first few, and how many more there are."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} others"
