"""Who is labelling: one name over all pages, remembered by the browser."""

from urllib.parse import unquote

import streamlit as st

NOBODY = "expert"
# The labelling scripts write it (outbox.js), so that the name outlives a reload; this side only reads it.
COOKIE = "graft_annotator"


def annotator_name() -> str:
    """The name under which labels given now are kept."""
    if "annotator" not in st.session_state:
        st.session_state["annotator"] = unquote(st.context.cookies.get(COOKIE, ""))
    return " ".join(str(st.session_state["annotator"]).split())[:200] or NOBODY


def _remember() -> None:
    st.session_state["annotator"] = st.session_state["annotator_field"]


def annotator_field() -> None:
    """The field for the name."""
    name = annotator_name()
    # Streamlit forgets a field's value on pages that do not show it: the other key keeps it.
    st.session_state["annotator_field"] = "" if name == NOBODY else name
    st.text_input(
        "Your name",
        key="annotator_field",
        on_change=_remember,
        placeholder=NOBODY,
        max_chars=200,
        help="Kept with each label you give.",
    )
