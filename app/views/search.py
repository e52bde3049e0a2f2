"""A better recipe for these pictures, looked for by trying."""

import streamlit as st

from app.context import graft
from app.links import current_project, int_param, set_params
from app.parts.search_form import search_form
from app.parts.search_view import ended, progress, trials
from app.parts.states import empty_state
from app.parts.text import duration, md
from core.errors import GraftError
from core.services.searching import RunRecord
from core.types import ProjectId, RunId


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Find a recipe")
    if graft().labelling.progress(project.id).total == 0:
        empty_state("No picture yet", "Bring some in and label them first.", link="Add images", page="images")
        return
    runs = graft().searches.list(project.id)
    with st.expander("New search", icon=":material/add:", expanded=not runs):
        new_search(project.id)
    if runs:
        follow(chosen(runs))


def new_search(project: ProjectId) -> None:
    """The form, and what it starts."""
    st.caption("Trains again and again, each time a little differently, and keeps what does best on validation.")
    wanted = search_form()
    if wanted is None:
        return
    try:
        run = graft().searches.start(
            project, wanted.recipe, minutes=wanted.minutes, fields=wanted.fields, backbones=wanted.backbones
        )
    except GraftError as error:
        st.error(f"{md(error.message)} {md(error.hint)}".strip(), icon=":material/error:")
        return
    set_params(run=run)
    st.rerun()


def chosen(runs: list[RunRecord]) -> RunId:
    """The search to show: the one in the address, else the newest."""
    by_id = {run.id: run for run in runs}
    wanted = int_param("run")
    shown = RunId(wanted) if wanted in by_id else runs[0].id
    if len(runs) > 1:
        shown = st.selectbox(
            "Searches of this project",
            list(by_id),
            list(by_id).index(shown),
            format_func=lambda run: _words(by_id[run]),
        )
    else:
        st.subheader(md(_words(runs[0])))
    set_params(run=shown)
    return shown


def _words(run: RunRecord) -> str:
    start = str((run.recipe or {}).get("preset", "")).capitalize()
    minutes = duration(60 * float(str(run.payload["minutes"])))
    return f"Run {run.id} · from {start} · {minutes} · {run.created_at.astimezone():%d %b %Y, %H:%M}"


def follow(run: RunId) -> None:
    """The search, drawn anew every two seconds until it has ended."""
    if graft().training.read(run).state.ended:
        view = graft().searches.read(run)
        ended(view)
        trials(view)
        return

    @st.fragment(run_every=2)
    def ticking() -> None:
        view = graft().searches.read(run)
        if view.run.state.ended:
            st.rerun()
        progress(view)
        trials(view)

    ticking()
