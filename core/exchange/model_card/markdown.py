"""Markdown that shows words and figures as they are."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: bool = False) -> str:
    """A Markdown table; the first column names the row, and the others are figures or, with `words`, text."""
    marks = ["---"] * len(header) if words else ["---", *["---:"] * (len(header) - 1)]
    found = [header, marks, *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in found)


def plain(text: str) -> str:
    """A person's own words as Markdown that shows them as they are."""
    line = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in line)
