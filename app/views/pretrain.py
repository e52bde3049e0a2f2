"""Starting a pretraining and following it: a network learns to see before it learns classes."""

import streamlit as st

from app.context import graft
from app.links import current_project, set_params
from app.parts.pretraining_form import pretraining_form
from app.parts.pretraining_status import pretraining_status, pretraining_title
from app.parts.refusal import refused
from app.parts.run_choice import choose_listed
from core.errors import GraftError
from core.types import ProjectId


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Learn without labels")
    st.caption(
        "A network can look at all your pictures, labelled or not, before it learns your classes. A training that "
        "starts from it may need fewer labels. Pictures kept for testing are left out."
    )
    runs = graft().pretraining.list(project.id)
    with st.expander("New pretraining", icon=":material/add:", expanded=not runs):
        new_pretraining(project.id)
    if runs:
        pretraining_status(choose_listed("Pretrainings", runs, pretraining_title))


def new_pretraining(project: ProjectId) -> None:
    """The form, and what it starts."""
    wanted = pretraining_form(project)
    if wanted is None:
        return
    try:
        graft().training.ensure_reach(wanted.payload.weights, [wanted.payload.backbone])
        run = graft().pretraining.start(None if wanted.drawn else project, wanted.payload)
    except GraftError as error:
        refused(error)
        return
    set_params(run=run)
    st.rerun()
