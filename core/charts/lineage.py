"""The runs that a model descends from, drawn one under the other as SVG: it needs no script, and prints."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, PAD, LINE, GAP = 640, 12, 18, 14
LETTERS = 84
"""So many letters fit a line."""


@dataclass(frozen=True, slots=True)
class LineageStep:
    """A run in words, and what the next one kept of it ("" for the last one)."""

    title: str
    where: str
    kept: str = ""


def lineage_svg(steps: Sequence[LineageStep]) -> str:
    """Boxes from the oldest run to this one, with arrows between them; colours follow the page's text."""
    y, drawn = 1, []
    for number, step in enumerate(steps):
        lines = [*_wrapped(step.title), *_wrapped(step.where)]
        height = LINE * len(lines) + 2 * PAD - 4
        stroke = "#2f7d55" if number == len(steps) - 1 else "currentColor"
        drawn.append(
            f'<rect x="1" y="{y}" width="{WIDTH - 2}" height="{height}" rx="6" fill="none" stroke="{stroke}" '
            f'stroke-opacity=".7"/>{_text(lines, PAD + 4, y + PAD, bold=len(_wrapped(step.title)))}'
        )
        y += height
        if number < len(steps) - 1:
            kept = _wrapped(step.kept)
            height = max(2 * GAP, LINE * len(kept) + GAP)
            x = PAD + 12
            drawn.append(
                f'<path d="M{x} {y + 2}V{y + height - 3}m-4 -6l4 6l4 -6" fill="none" stroke="currentColor"/>'
                + _text(kept, x + 16, y + (height - LINE * len(kept)) // 2)
            )
            y += height
    words = escape(" → ".join(step.title for step in steps), quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {y + 2}" role="img" aria-label="{words}" class="lineage">{"".join(drawn)}</svg>'


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, LETTERS, max_lines=4, placeholder=" …")


def _text(lines: Sequence[str], x: int, y: int, *, bold: int = 0) -> str:
    weights = ["600" if number < bold else "400" for number in range(len(lines))]
    return "".join(
        f'<text x="{x}" y="{y + LINE * number + 13}" font-size="13" font-weight="{weight}" fill="currentColor">'
        f"{escape(line)}</text>"
        for number, (line, weight) in enumerate(zip(lines, weights, strict=True))
    )
