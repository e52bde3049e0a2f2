"""Deleting pictures: asked for first, and undone by one click."""

import streamlit as st

from app.context import graft, guarded
from app.parts.text import count
from core.types import ImageId, ProjectId


@st.dialog("Delete pictures?")
@guarded
def ask_to_delete(project: ProjectId, ids: list[ImageId]) -> None:
    """The question before deleting."""
    one = len(ids) == 1
    st.markdown(
        f"{count(len(ids), 'picture')} will no longer be labelled, trained on or counted. Labels, and results that "
        f"used {'it' if one else 'them'}, stay; you can bring {'it' if one else 'the pictures'} back."
    )
    if st.button(f"Delete {count(len(ids), 'picture')}", type="primary", icon=":material/delete:"):
        graft().gallery.delete(project, ids)
        st.session_state[_key(project)] = ids
        st.rerun()


def _key(project: ProjectId) -> str:
    return f"just_deleted-{project}"


def after_deleting(project: ProjectId) -> None:
    """The way back right after deleting."""
    ids: list[ImageId] = st.session_state.get(_key(project), [])
    if not ids:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"{count(len(ids), 'picture')} deleted.", width="content")
        if st.button("Undo the deletion", icon=":material/undo:"):
            graft().gallery.restore(project, ids)
            del st.session_state[_key(project)]
            st.rerun()
        if st.button("Close", icon=":material/close:"):
            del st.session_state[_key(project)]
            st.rerun()
