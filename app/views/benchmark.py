"""Which network is best for these pictures, and how much of it should learn."""

import streamlit as st

from app.context import graft, guarded
from app.links import current_project, set_params
from app.parts.foreseen import foreseen
from app.parts.refusal import refused
from app.parts.states import empty_state, too_few_labels
from app.parts.study_form import study_form
from app.parts.study_view import progress, study
from app.parts.text import md
from core.errors import GraftError
from core.services.benchmarks import GroupView
from core.services.projects import ProjectView
from core.types import ProjectId, RunId, RunState


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Which network?")
    if graft().labelling.progress(project.id).total == 0:
        empty_state("No picture yet", "Bring some in and label them first.", link="Add images", page="images")
        return
    groups = graft().benchmarks.list(project.id)
    with st.expander("New comparison", icon=":material/add:", expanded=not groups):
        new_comparison(project.id)
    if groups:
        follow(project, chosen(groups))


def new_comparison(project: ProjectId) -> None:
    """The form, and what it starts."""
    if too_few_labels(project):
        return
    foreseen(project)
    wanted = study_form()
    if wanted is None:
        return
    try:
        graft().training.ensure_reach(wanted.recipe.weights, wanted.backbones)
        if wanted.depths:
            group = graft().benchmarks.start_depths(project, wanted.recipe)
        else:
            group = graft().benchmarks.start(
                project, wanted.recipe, wanted.backbones, scratch=wanted.scratch, name=wanted.name
            )
    except GraftError as error:
        refused(error)
        return
    set_params(group=group)
    st.rerun()


def chosen(groups: dict[str, str]) -> str:
    """The comparison to show: the one in the address, else the newest."""
    names = list(groups)
    wanted = st.query_params.get("group", "")
    shown = wanted if wanted in groups else names[0]
    if len(names) > 1:
        shown = st.selectbox("Comparisons of this project", names, names.index(shown), format_func=groups.__getitem__)
    else:
        st.header(md(groups[shown]))
    set_params(group=shown)
    return shown


def follow(project: ProjectView, group: str) -> None:
    """The comparison, drawn anew every two seconds until it has ended."""
    if all(state.ended for state in graft().benchmarks.states(project.id, group).values()):
        study(_read(project.id, group), project.unit)
        return

    @st.fragment(run_every=2)
    @guarded
    def ticking() -> None:
        view = _read(project.id, group)
        if view.ended:
            st.rerun()
        progress(view)
        if st.button("Stop all", icon=":material/stop:"):
            graft().benchmarks.cancel(project.id, group)
            st.rerun(scope="fragment")
        study(view, project.unit)

    ticking()


def _read(project: ProjectId, group: str) -> GroupView:
    states = graft().benchmarks.states(project, group)
    return _read_at(str(graft().settings.home), project, group, tuple(sorted(states.items())))


@st.cache_resource(max_entries=32, show_spinner="Computing the scores and how sure they are…")
def _read_at(home: str, project: ProjectId, group: str, states: tuple[tuple[RunId, RunState], ...]) -> GroupView:
    # `home` and `states` are there for the key: scores are computed again only when a run has ended.
    return graft().benchmarks.read(project, group)
