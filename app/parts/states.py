"""What a page shows when there is nothing to show yet."""

import streamlit as st

from app.context import graft
from app.links import page_link
from app.parts.text import md
from core.types import ProjectId


def too_few_labels(project: ProjectId) -> bool:
    """Whether nothing can be trained yet; then a calm box says what is missing."""
    missing = graft().training.lacking(project)
    if missing:
        empty_state("Not enough labels yet", md(missing), link="Label pictures", page="label")
    return bool(missing)


def empty_state(title: str, body: str, *, link: str = "", page: str = "") -> None:
    """A calm box: what is missing, what to do about it, and the link to do it."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown(f"## :small[{title}]", text_alignment="center")
        st.markdown(body, text_alignment="center")
        if page:
            page_link(link, page)
