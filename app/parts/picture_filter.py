"""Choosing which pictures a page shows. The choice lives in the address, so that a reload or a link keeps it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from app.context import graft
from app.links import int_param, set_params
from core.services.gallery import PictureFilter
from core.services.projects import ProjectView
from core.types import ClassId, ImageState, Split, Task

Item = TypeVar("Item")

STATES = {
    ImageState.UNLABELLED: "Not labelled yet",
    ImageState.LABELLED: "Labelled",
    ImageState.SKIPPED: "Skipped",
    ImageState.UNSURE: "Unsure",
}
SPLITS = {Split.TRAIN: "Training", Split.VALIDATION: "Validation", Split.TEST: "Test"}
NAMES = ("text", "class", "state", "split", "group", "flagged", "deleted")
FIRST_PAGE = dict.fromkeys(("after", "before", "page"))


def read_filter(project: ProjectView, groups: Sequence[str]) -> PictureFilter:
    """The filter that the address names; what this project does not know is left out."""
    params, class_id = st.query_params, ClassId(int_param("class") or 0)
    state, split, group = params.get("state"), params.get("split"), params.get("group", "")
    return PictureFilter(
        class_id=class_id if class_id in project.all_classes else None,
        state=ImageState(state) if state in list(ImageState) else None,
        split=Split(split) if split in list(Split) else None,
        group=group if group in groups else "",
        text=params.get("text", "")[:200],
        flagged="flagged" in params,
        deleted="deleted" in params,
    )


def clear_filter() -> None:
    """Show everything again."""
    set_params(**dict.fromkeys(NAMES), **FIRST_PAGE)


def filter_bar(project: ProjectView) -> PictureFilter:
    """The fields, and the filter they make."""
    groups = graft().gallery.groups(project.id)
    wanted = read_filter(project, groups)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name or case",
            key=_shown("text", wanted.text),
            on_change=_changed("text"),
            icon=":material/search:",
            width=180,
        )
        if project.task is not Task.REGRESSION:
            names = {item.id: item.name for item in project.all_classes.values() if item.merged_into is None}
            _choice("Class", "class", wanted.class_id, list(names), lambda item: names.get(item, ""))
        _choice("State", "state", wanted.state, list(STATES), STATES.__getitem__)
        _choice("Split", "split", wanted.split, list(SPLITS), SPLITS.__getitem__)
        if groups:
            _choice("Group", "group", wanted.group or None, groups, str)
        st.checkbox("Flagged", key=_shown("flagged", wanted.flagged), on_change=_changed("flagged"))
        st.checkbox("Deleted", key=_shown("deleted", wanted.deleted), on_change=_changed("deleted"))
        if wanted != PictureFilter():
            st.button("Show all", icon=":material/filter_alt_off:", on_click=clear_filter)
    return wanted


def _choice(label: str, name: str, value: Item | None, options: Sequence[Item], words: Callable[[Item], str]) -> None:
    st.selectbox(
        label,
        options,
        key=_shown(name, value),
        on_change=_changed(name),
        format_func=words,
        placeholder="any",
        width=140,
    )


def _shown(name: str, value: object) -> str:
    # The address is the truth: a field shows what it says, also after "back" or in another window.
    st.session_state[f"filter_{name}"] = value
    return f"filter_{name}"


def _changed(name: str) -> Callable[[], None]:
    def write() -> None:
        value = st.session_state[f"filter_{name}"]
        set_params(**{name: 1 if value is True else value or None}, **FIRST_PAGE)

    return write
