"""What is said, with how it is computed behind "More" at its end."""

import html

import streamlit as st


def more(how: str) -> None:
    """The button that opens how something is computed, and after whom."""
    with st.popover("More", type="tertiary"):
        st.markdown(how)


def large(value: str) -> None:
    """A figure, set as large as a section's title: who goes from heading to heading does not stop at numbers."""
    st.html(f'<div class="figure">{html.escape(value)}</div>')


def heading(title: str, how: str) -> None:
    """A section's title."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(title, width="content")
        more(how)


def explained(words: str, how: str, *, quiet: bool = False) -> None:
    """A sentence, however long; `quiet` ones are set as captions."""
    # Columns, because in a row of its own width a long sentence would push the button under itself.
    left, right = st.columns([7, 1], vertical_alignment="center")
    if quiet:
        left.caption(words)
    else:
        left.markdown(words)
    with right, st.container(horizontal_alignment="right"):
        more(how)
