"""Starting a training and following it."""

import streamlit as st

from app.context import graft
from app.links import current_project, page_link, set_params
from app.parts.check_sections import check_notice
from app.parts.foreseen import foreseen
from app.parts.recipe_form import asked_start, recipe_form
from app.parts.refusal import refused
from app.parts.run_choice import choose_listed
from app.parts.run_status import run_status
from app.parts.states import empty_state, too_few_labels
from core.errors import GraftError
from core.services.projects import ProjectView
from core.services.training import RunRecord
from core.types import RunState

STATE_WORDS = {
    RunState.QUEUED: "waits",
    RunState.RUNNING: "runs",
    RunState.DONE: "done",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "stopped",
}


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Train")
    progress = graft().labelling.progress(project.id)
    if progress.total == 0:
        empty_state("No picture yet", "Bring some in and label them first.", link="Add images", page="images")
        return
    check_notice(project.id)
    runs = graft().training.list(project.id)
    asked = asked_start(project.id) is not None
    with st.expander("New training", icon=":material/add:", expanded=not runs or asked):
        new_training(project)
    if not runs:
        return
    run_status(choose_listed("Trainings of this project", runs, name))


def new_training(project: ProjectView) -> None:
    """The form, and what it starts."""
    if too_few_labels(project.id):
        return
    foreseen(project.id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Not sure how, or with what?", width="content")
        page_link("Find a recipe", "search")
        page_link("Which network?", "benchmark")
    wanted = recipe_form(project)
    if wanted is None:
        return
    try:
        graft().training.ensure_reach(wanted.recipe.weights, [wanted.recipe.backbone])
        run = graft().training.start(
            project.id,
            wanted.recipe,
            folds=wanted.folds,
            repeats=wanted.repeats,
            shuffle=wanted.shuffle,
            keep_together=wanted.keep_together,
            reasons=wanted.reasons,
        )
    except GraftError as error:
        refused(error)
        return
    set_params(run=run, start=None)
    st.rerun()


def name(run: RunRecord) -> str:
    """A run in the list."""
    return f"{run.title} · {STATE_WORDS[run.state]}"
