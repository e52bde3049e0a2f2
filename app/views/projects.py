"""All projects, making a new one, and bringing a deleted one back."""

import streamlit as st

from app.context import graft
from app.parts.project_card import holdings, project_card
from app.parts.project_form import new_project
from app.parts.showing import show_more, showing
from app.parts.states import empty_state
from app.parts.text import md

STEP = 30
"""How many cards at first: browsers take a second for each hundred of their parts. The sidebar lists all projects."""


def render() -> None:
    """The page."""
    st.title("Projects")
    found = graft().projects.summaries()
    if not found:
        empty_state("No project yet", "A project holds pictures of one kind and the question you ask of them.")
    with st.expander("New project", icon=":material/add:", expanded=not found):
        new_project()
    for summary in found[: showing("projects", STEP)]:
        project_card(summary)
    show_more("projects", len(found), STEP)
    deleted_projects()


def deleted_projects() -> None:
    """The deleted ones, and the way back."""
    found = graft().projects.summaries(deleted=True)
    if not found:
        return
    with st.expander("Deleted projects", icon=":material/delete:"):
        for summary in found:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{md(summary.project.name)}** · {holdings(summary)}", width="stretch")
                if st.button("Bring back", icon=":material/undo:", key=f"restore-{summary.project.id}"):
                    graft().projects.restore(summary.project.id)
                    st.rerun()
