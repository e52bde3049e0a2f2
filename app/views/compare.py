"""Finished runs side by side, on the same pictures."""

import streamlit as st

from app.context import graft
from app.links import current_project
from app.parts import compare_sections as sections
from app.parts.run_choice import choose_base, choose_others, choose_split, compared_splits, unfair
from app.parts.states import empty_state
from app.parts.text import count


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Compare")
    runs = graft().results.finished(project.id)
    if len(runs) < 2:
        empty_state(
            "Fewer than two finished trainings",
            "Train a second model with other choices, and see here which is better, and how sure that is.",
            link="Train a model",
            page="train",
        )
        return
    left, right = st.columns([3, 2])
    with left:
        base = choose_base(runs)
    others = choose_others(runs, base)
    splits = compared_splits([base, *others])
    with right:
        split = choose_split(splits)
    apart = [run for run in runs if run.version != base.version]
    if apart:
        numbers = ", ".join(str(run.id) for run in apart)
        st.caption(
            f"Not comparable with run {base.id}: {count(len(apart), 'run')} on other dataset versions ({numbers}), "
            "whose labels or test pictures differ."
        )
    if not others:
        st.info(
            "There is no other run on the same dataset version. Train again to have one.", icon=":material/balance:"
        )
        return
    found = [graft().results.compare(run.id, base.id, split) for run in others]
    st.caption(
        f"Dataset version {base.version}, {splits[split][0].lower()}: {count(found[0].scores[0].count, 'picture')}. "
        "All runs are judged on the same pictures, so that what is easy or hard for all cancels out."
    )
    flattered = unfair([base, *others], split)
    if flattered:
        st.info(flattered, icon=":material/info:")
    sections.verdicts(base, others, found)
    sections.table(project, base, others, found)
    sections.details(project, base, others, found)
