"""What may be wrong with the pictures and labels, before anyone trusts a score."""

import streamlit as st

from app.context import graft
from app.links import current_project
from app.parts import check_pictures, check_sections
from app.parts.agreement import agreement
from app.parts.annotator import annotator_field
from app.parts.deleting import after_deleting
from app.parts.following import follow
from app.parts.states import empty_state
from app.parts.text import count, md
from core.services.exports import RunRecord
from core.services.findings import CheckView
from core.services.projects import ProjectView
from core.types import ProjectId, RunState


def render() -> None:
    """The page."""
    project = current_project()
    title, name = st.columns([3, 1], vertical_alignment="bottom")
    title.title("Check data")
    with name:
        annotator_field()
    if graft().labelling.progress(project.id).total == 0:
        empty_state("No picture yet", "Bring some in first.", link="Add images", page="images")
        return
    last = graft().checks.latest(project.id)
    if last is None:
        first_check(project.id)
        agreement(project)
        return
    state(last)
    view = graft().checks.newest_findings(project.id)
    if view is None:
        agreement(project)
        return
    after_deleting(project.id)
    findings(project, view)


def first_check(project: ProjectId) -> None:
    """What a check is, and the button."""
    st.markdown(
        "A score is only as good as the data behind it. A check looks for the same picture twice, for cases that stand "
        "on both sides of a split, for short cuts that tell the class without looking at it, for labels that look "
        "wrong, and for pictures that were taken badly. It changes nothing."
    )
    check_button(project, "Check now")


def check_button(project: ProjectId, words: str) -> None:
    """Start a check."""
    if st.button(words, icon=":material/fact_check:", type="primary" if words == "Check now" else "secondary"):
        graft().checks.start(project)
        st.rerun()


def state(run: RunRecord) -> None:
    """How the newest check stands."""
    if not follow(run) and run.project_id is not None and run.state is not RunState.DONE:
        check_button(run.project_id, "Check again")


def findings(project: ProjectView, view: CheckView) -> None:
    """What was found, the gravest first."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        when = f" on {view.at:%d %b %Y, %H:%M UTC}" if view.at else ""
        looked = f"{count(view.pictures, 'picture')}, {view.labelled:,} of them labelled"
        st.caption(f"Checked{when}: {looked}.", width="content")
        check_button(project.id, "Check again")
    if not view.suspicious:
        clear = st.info if view.notes else st.success
        clear(view.all_clear, icon=":material/check:")
    check_sections.shortcuts(project, view)
    check_sections.splitting(view)
    check_pictures.leaks(project, view)
    check_pictures.pairs(project, view)
    check_pictures.doubts(project, view)
    agreement(project)
    check_pictures.flaws(project, view)
    if view.notes:
        st.header("What could not be judged")
        for note in view.notes:
            st.markdown(f"- {md(note)}")
