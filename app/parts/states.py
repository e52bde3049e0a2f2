"""What a page shows when there is nothing to show yet."""

import streamlit as st

from app.links import page_link


def empty_state(title: str, body: str, *, link: str = "", page: str = "") -> None:
    """A calm box: what is missing, what to do about it, and the link to do it."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown(f"#### {title}", text_alignment="center")
        st.markdown(body, text_alignment="center")
        if page:
            page_link(link, page)
