"""Lines about files: what became of each, in sentences."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.parts.text import md, shortened

FEW, TALL, LONGEST = 10, 560, 32
"""Lines that are shown at once, and how high the table is with more of them; letters of a word that does not wrap."""


def file_lines(lines: Sequence[Mapping[str, str]]) -> None:
    """Each line's column -> its text, a file's name in the first. A table, because its sentences wrap."""
    with st.container(height=TALL if len(lines) > FEW else "content", border=False):
        st.table([{name: md(_short(text)) for name, text in line.items()} for line in lines], hide_index=True)


def _short(text: str) -> str:
    # A word that cannot wrap would push the other columns out of sight.
    return " ".join(shortened(word, LONGEST) for word in text.split())
