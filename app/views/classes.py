"""The classes of a project: naming, ordering, merging, archiving. No label is ever lost."""

import streamlit as st

from app.context import graft
from app.links import current_project
from app.parts.class_table import changed_classes
from app.parts.refusal import refused
from app.parts.states import empty_state
from app.parts.text import count, md
from core.errors import GraftError
from core.services.classes import ClassView
from core.services.projects import ProjectView
from core.types import ClassId, Task


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Classes")
    if project.task is Task.REGRESSION:
        empty_state("Labels are numbers here", "This project asks for a number, so it has no classes.")
        return
    told = st.session_state.pop("classes_told", "")
    if told:
        st.success(told, icon=":material/check:")
    counts = graft().labelling.progress(project.id).by_class
    changed = changed_classes(project, counts, kept=st.session_state.get("classes_kept"))
    if changed is not None:
        try:
            graft().classes.save(project.id, changed.edits, seen=changed.seen)
        except GraftError as error:
            refused(error)
        else:
            st.session_state["classes_kept"] = changed.at
            done("Saved.")
    if len(project.classes) > 1:
        left, right = st.columns(2)
        with left.container(border=True):
            merge(project, dict(counts))
        with right.container(border=True):
            archive(project, dict(counts))
    put_away(project)


def done(text: str) -> None:
    """Show the page anew, with what was done."""
    st.session_state["classes_told"] = text
    st.rerun()


def merge(project: ProjectView, counts: dict[ClassId, int]) -> None:
    """Two classes become one."""
    names = {item.id: item.name for item in project.classes}
    st.markdown("## :small[Merge two classes]")
    source = st.selectbox("This class", list(names), format_func=names.__getitem__, index=None)
    target = st.selectbox("becomes", list(names), format_func=names.__getitem__, index=None)
    if source is None or target is None or source == target:
        st.caption("Pictures of the first are then pictures of the second. They can be separated again at any time.")
        return
    st.caption(
        f"{count(counts.get(source, 0), 'picture')} of {md(names[source])} will be {md(names[target])}. Results and "
        "dataset versions made before stay as they are. You can separate the two again."
    )
    if st.button("Merge", icon=":material/merge:"):
        with st.spinner("Moving labels…"):
            moved = graft().classes.merge(project.id, source, target)
        done(f"{md(names[source])} is now {md(names[target])}: {count(moved, 'picture')}.")


def archive(project: ProjectView, counts: dict[ClassId, int]) -> None:
    """A class is no longer used."""
    names = {item.id: item.name for item in project.classes}
    st.markdown("## :small[Archive a class]")
    chosen = st.selectbox("Class", list(names), format_func=names.__getitem__, index=None)
    st.caption(
        "An archived class is no longer offered. Its pictures keep it as their label, but models learn of them only "
        "which of the other classes they have, or that they have none, until you bring it back."
        if project.task is Task.MULTI
        else "An archived class is no longer offered. Its pictures keep it as their label, but no model learns from "
        "them, until you bring it back or give them another class."
    )
    if chosen is not None and st.button("Archive", icon=":material/archive:"):
        graft().classes.archive(project.id, chosen)
        done(f"{md(names[chosen])} is archived; {count(counts.get(chosen, 0), 'picture')} keep it.")


def put_away(project: ProjectView) -> None:
    """Merged and archived classes, and the way back."""
    if not project.archived_classes:
        return
    st.markdown("## :small[Archived and merged]")
    for item in project.archived_classes:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_was(project, item), width="stretch")
            word = "Bring back" if item.merged_into is None else "Separate again"
            if st.button(word, key=f"back-{item.id}", icon=":material/undo:"):
                with st.spinner("Moving labels…"):
                    graft().classes.bring_back(project.id, item.id)
                done(f"{md(item.name)} is in use again.")


def _was(project: ProjectView, item: ClassView) -> str:
    if item.merged_into is None:
        return f"{md(item.name)}: archived"
    return f"{md(item.name)}: merged into {md(project.all_classes[item.merged_into].name)}"
