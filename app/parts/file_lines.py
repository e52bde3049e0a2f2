"""Lines about files: what became of each, in sentences."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.parts.text import md

FEW, TALL = 10, 560
"""Lines that are shown at once, and how high the table is with more of them."""


def file_lines(lines: Sequence[Mapping[str, str]]) -> None:
    """Each line's column -> its text. A table, because its sentences wrap."""
    with st.container(height=TALL if len(lines) > FEW else "content", border=False):
        st.table([{name: md(text) for name, text in line.items()} for line in lines], hide_index=True)
