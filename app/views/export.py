"""Taking the pictures with their labels, or a model, away as a file."""

import streamlit as st

from app.context import graft, guarded
from app.links import current_project, page_link
from app.parts.following import in_progress
from app.parts.refusal import failed
from app.parts.states import empty_state
from app.parts.text import md
from core.services.exports import RunRecord
from core.services.projects import ProjectView
from core.types import ProjectId, RunState, Task

WHEN = "%d %b %Y, %H:%M UTC"


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Export")
    images = graft().labelling.progress(project.id).total
    if not images:
        empty_state("Nothing to export yet", "This project has no pictures.", link="Add images", page="images")
        return
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        dataset(project, images)
    with right.container(border=True, height="stretch"):
        model(project.id)
    made(project.id)


def dataset(project: ProjectView, images: int) -> None:
    """Pictures and labels."""
    st.header("Pictures and labels")
    many = f"all {images:,} pictures" if images > 1 else "the one picture"
    # A number has no folder, and neither has a picture of several classes.
    placed = " in folders by class" if project.task in (Task.SINGLE, Task.ORDINAL) else ""
    st.write(
        f"A zip of {many}{placed}, and a table with labels, cases, groups, dates and splits. Add images, or "
        f"`graft import`, reads it back; other programs read {'the folders' if placed else 'the table'}."
    )
    if st.button("Pack pictures and labels", icon=":material/folder_zip:"):
        graft().exports.dataset(project.id)


def model(project: ProjectId) -> None:
    """A trained model."""
    st.header("Model")
    st.write(
        "A zip that works without Graft: ONNX with everything inside, the weights, a model card for people "
        "and a short example program."
    )
    done = [run for run in graft().training.list(project) if run.state is RunState.DONE]
    if not done:
        st.caption("There is no trained model yet.")
        page_link("Train one", "train", icon=":material/model_training:")
        return
    chosen = st.selectbox("Training", done, format_func=lambda run: run.title)
    if st.button("Pack the model", icon=":material/deployed_code:"):
        graft().exports.model(chosen.id)


def made(project: ProjectId) -> None:
    """Exports under way and done, the newest first."""
    runs = graft().exports.list(project)
    if not runs:
        return
    st.header("Made so far")
    busy = any(not run.state.ended for run in runs)

    @st.fragment(run_every=1 if busy else None)
    @guarded
    def rows() -> None:
        now = graft().exports.list(project)
        if busy and all(run.state.ended for run in now):
            st.rerun()
        for run in now:
            row(run)

    rows()


def row(run: RunRecord) -> None:
    """One export."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{md(run.name)}**  \n:small[{run.created_at:{WHEN}}]")
        if run.state is RunState.DONE:
            finished(run)
        elif run.state is RunState.FAILED:
            failed(run)
        elif run.state is RunState.CANCELLED:
            st.caption("Stopped.")
        else:
            in_progress(run)


def finished(run: RunRecord) -> None:
    """What there is to download."""
    result = run.result or {}
    size = f"{float(str(result.get('size_bytes') or 0)) / 2**20:,.1f} MiB"
    if result.get("problem"):
        st.caption(f"{size}; without ONNX: {md(str(result['problem']))}")
    else:
        st.caption(size)
    st.link_button("Download", f"/api/exports/{run.id}/file", icon=":material/download:")
