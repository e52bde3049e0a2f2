"""A better recipe for these pictures, looked for by trying."""

import streamlit as st

from app.context import graft
from app.links import current_project, set_params
from app.parts.foreseen import foreseen
from app.parts.refusal import refused
from app.parts.run_choice import choose_listed
from app.parts.search_form import search_form
from app.parts.search_view import search_status
from app.parts.states import empty_state, too_few_labels
from app.parts.text import duration, md
from core.errors import GraftError
from core.services.projects import ProjectView
from core.services.searching import RunRecord
from core.types import RunId


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Find a recipe")
    if graft().labelling.progress(project.id).total == 0:
        empty_state("No picture yet", "Bring some in and label them first.", link="Add images", page="images")
        return
    runs = graft().searches.list(project.id)
    with st.expander("New search", icon=":material/add:", expanded=not runs):
        new_search(project)
    if runs:
        search_status(chosen(runs))


def new_search(project: ProjectView) -> None:
    """The form, and what it starts."""
    if too_few_labels(project.id):
        return
    st.caption("Trains again and again, each time a little differently, and keeps what does best on validation.")
    foreseen(project.id, choosing=True)
    wanted = search_form(project.task)
    if wanted is None:
        return
    try:
        graft().training.ensure_reach(wanted.recipe.weights, wanted.backbones)
        run = graft().searches.start(
            project.id, wanted.recipe, minutes=wanted.minutes, fields=wanted.fields, backbones=wanted.backbones
        )
    except GraftError as error:
        refused(error)
        return
    set_params(run=run)
    st.rerun()


def chosen(runs: list[RunRecord]) -> RunId:
    """The search to show."""
    if len(runs) == 1:
        st.header(md(_words(runs[0])))
    return choose_listed("Searches of this project", runs, _words)


def _words(run: RunRecord) -> str:
    start = str((run.recipe or {}).get("preset", "")).capitalize()
    minutes = duration(60 * float(str(run.payload["minutes"])))
    return f"Run {run.id} · from {start} · {minutes} · {run.created_at.astimezone():%d %b %Y, %H:%M}"
