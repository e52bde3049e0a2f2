"""Labelling one image at a time, by keyboard."""

import streamlit as st

from app.components import mount
from app.context import graft
from app.links import current_project
from app.parts.states import empty_state
from app.parts.text import md
from app.routes.labels import queue_item
from core.types import ImageState, Task

QUEUES = {
    "Not labelled yet": [ImageState.UNLABELLED],
    "Skipped or unsure": [ImageState.SKIPPED, ImageState.UNSURE],
    "Labelled already": [ImageState.LABELLED],
}


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
            "Bring in pictures whose sub-folders or table name classes, or make a project with classes.",
            link="Projects",
            page="projects",
        )
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.segmented_control("Which pictures", list(QUEUES), default=next(iter(QUEUES))) or next(iter(QUEUES))
    annotator = right.text_input("Your name", value="expert")
    done = progress.total - progress.by_state[ImageState.UNLABELLED]
    st.progress(done / progress.total, text=f"{done:,} of {progress.total:,} pictures looked at")
    if project.guideline:
        with st.expander("Guideline", icon=":material/menu_book:"):
            st.markdown(md(project.guideline))
    states = QUEUES[chosen]
    queue = graft().labelling.upcoming(project.id, states=states)
    mount(
        "labeller",
        key=f"labeller-{project.id}",
        data={
            "project": project.id,
            "annotator": annotator,
            "task": project.task.value,
            "states": ",".join(states),
            "classes": [
                {"id": item.id, "name": item.name, "colour": item.colour, "key": item.key} for item in project.classes
            ],
            "counts": {str(key): value for key, value in progress.by_class.items()},
            "queue": [queue_item(item.id, item.blob, item.name, list(item.classes), item.number) for item in queue],
        },
    )
    st.caption("Wheel: zoom · drag: move · F: fit · B, C: brighter, more contrast (with Shift: less) · X: flag")
