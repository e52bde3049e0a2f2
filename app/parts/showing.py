"""Long rows of pictures: some at first, and more on demand."""

import streamlit as st


def showing(key: str, step: int) -> int:
    """How many are shown by now."""
    return int(st.session_state.get(f"{key}-shown", step))


def show_more(key: str, total: int, step: int) -> None:
    """How many of all are shown, and the button that shows more of them; nothing where all are."""
    shown = showing(key, step)
    if total <= shown:
        return
    st.caption(f"{shown:,} of {total:,}.")
    if st.button("Show more", key=f"{key}-more", icon=":material/expand_more:"):
        st.session_state[f"{key}-shown"] = shown + step
        st.rerun()
