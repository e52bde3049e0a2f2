"""Labelling one image at a time, by keyboard."""

import streamlit as st

from app.components import mount
from app.context import graft
from app.links import current_project
from app.parts.annotator import annotator_field
from app.parts.picture_grid import label_data
from app.parts.states import empty_state
from app.parts.text import md_lines
from app.routes.labels import queue_item
from core.types import ImageState, Task

QUEUES = {
    "Not labelled": [ImageState.UNLABELLED],
    "Skipped or unsure": [ImageState.SKIPPED, ImageState.UNSURE],
    "Labelled": [ImageState.LABELLED],
}
NOTHING = {
    "Not labelled": "Every picture has been looked at. Train a network next, or look again at what is labelled.",
    "Skipped or unsure": "No picture waits that was skipped or marked as unsure.",
    "Labelled": "No picture is labelled yet.",
}
"""What each of them says when it is empty."""


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Label")
    progress = graft().labelling.progress(project.id)
    if progress.total == 0:
        empty_state("No picture yet", "Bring some in first.", link="Add images", page="images")
        return
    if not project.classes and project.task is not Task.REGRESSION:
        empty_state(
            "No class yet",
            "Add some, or bring in pictures whose sub-folders or table name them.",
            link="Classes",
            page="classes",
        )
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.segmented_control("Which pictures", list(QUEUES), default=next(iter(QUEUES))) or next(iter(QUEUES))
    with right:
        annotator_field()
    if project.guideline:
        with st.expander("Guideline", icon=":material/menu_book:"):
            st.markdown(md_lines(project.guideline))
    states = QUEUES[chosen]
    queue = graft().labelling.upcoming(project.id, states=states)
    mount(
        "labeller",
        key=f"labeller-{project.id}",
        data={
            **label_data(project, progress.by_class),
            "states": ",".join(states),
            "total": progress.total,
            "looked": progress.total - progress.by_state[ImageState.UNLABELLED],
            "queue": [queue_item(item) for item in queue],
            "nothing": NOTHING[chosen],
        },
    )
    st.caption(
        "Wheel, two fingers, +, −: zoom · drag: move · F: whole picture · "
        "B, C: brighter, more contrast (with Shift: less)"
    )
