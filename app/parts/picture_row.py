"""A few pictures beside each other, whole, with words below each."""

from collections.abc import Iterable
from html import escape

import streamlit as st

GRID = """<style>
.near { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: .75rem; }
.near figure { margin: 0; }
.near img { width: 100%; aspect-ratio: 4 / 3; object-fit: contain; border-radius: .5rem; background: rgba(128,128,128,.15); }
.near figcaption { font-size: .875rem; line-height: 1.3; overflow-wrap: anywhere; }
</style>"""  # noqa: E501


def picture_row(pictures: Iterable[tuple[str, str, *tuple[str, ...]]]) -> None:
    """Each picture's hash, its name, shown by the pointer, and lines of words."""
    # Names and labels are people's own words: escaped.
    cells = [
        f'<figure><img src="/api/blob/{blob}/thumb" alt="{escape(name)}" title="{escape(name)}" loading="lazy">'
        f"<figcaption>{'<br>'.join(map(escape, lines))}</figcaption></figure>"
        for blob, name, *lines in pictures
    ]
    st.html(f'{GRID}<div class="near">{"".join(cells)}</div>')
