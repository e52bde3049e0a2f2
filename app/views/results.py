"""How good a model is, and the pictures behind each number."""

import streamlit as st

from app.context import graft
from app.links import current_project, page_link
from app.parts.check_sections import check_notice
from app.parts.external import choose_external
from app.parts.figure_cards import HEADLINES, figure_cards
from app.parts.results_tabs import choose_tab
from app.parts.run_choice import (
    FOLDED,
    SPLITS,
    choose_run,
    choose_split,
    how_few,
    provenance,
    read_external,
    read_results,
    untested,
)
from app.parts.states import empty_state
from app.parts.text import count, md
from core.types import RunId, Task


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Results")
    runs = graft().results.finished(project.id)
    if not runs:
        empty_state(
            "No finished training yet",
            "Once a model has learnt, this page says how good it is and where it errs.",
            link="Train a model",
            page="train",
        )
        return
    left, right = st.columns([3, 2])
    with left:
        run = choose_run(runs)
    external = choose_external(run)
    if external is not None:
        view = read_external(external.id, str(external.ended))
        project = graft().projects.read(external.project_id)
        note = f" {md(external.note)}." if external.note else ""
        known = graft().judging.basis(external.id).new
        pictures = count(view.scores.count, "picture")
        st.caption(f"Run {run.id} on {pictures} of {md(external.project)}, {known}.{note}")
    else:
        with right:
            split = choose_split(FOLDED if run.folds else SPLITS)
        view, words = read_results(run, split), FOLDED if run.folds else SPLITS
        st.caption(f"{provenance(view, words)}. {words[split][0]}: {words[split][1]}.")
    few = how_few(view)
    if few:
        st.info(few, icon=":material/hourglass_empty:")
    merged = external.merged if external is not None else ()
    supports = {
        name: item.support for name, item in zip(view.classes, view.scores.classes, strict=True) if name not in merged
    }
    missing = untested(supports, several=view.task is Task.MULTI)
    if missing:
        st.info(md(missing), icon=":material/hourglass_empty:")
    if view.leaking:
        leaking = count(view.leaking, view.together.removesuffix("s"))
        st.warning(
            f"{leaking} with pictures in several splits: the test asks for what was learnt from, and its scores are "
            "too good. Page Check data names them.",
            icon=":material/warning:",
        )
    drift(view.run_id, external=external is not None)
    check_notice(project.id)
    figure_cards(view, HEADLINES[view.task])
    st.space("small")
    choose_tab(view.task, folded=run.folds > 0 and external is None).draw(project, view, run.id)


def drift(run_id: RunId, *, external: bool) -> None:
    """A word when the labels moved on since the training, or the test on another project."""
    moved = graft().results.drift(run_id)
    changed = f"{count(moved.changed, 'label was', 'labels were')} changed" if moved.changed else ""
    added = f"{count(moved.added, 'picture was', 'pictures were')} newly labelled" if moved.added else ""
    deleted = f"{count(moved.deleted, 'picture was', 'pictures were')} deleted" if moved.deleted else ""
    if not (changed or added or deleted):
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        words = " and ".join(item for item in (changed, deleted, added) if item)
        what = "test" if external else "training"
        st.markdown(f":material/update: Since this {what}, {words}. The figures are those of the labels as they were.")
        if not external:
            page_link("Train again", "train", icon=":material/model_training:")
