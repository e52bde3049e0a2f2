"""All pictures as points: what a network sees alike lies together. Drawn around, pictures are shown and labelled."""

import streamlit as st

from app.context import graft
from app.links import current_project, int_param, set_params
from app.parts.annotator import annotator_field
from app.parts.following import follow
from app.parts.picture_map import picture_map
from app.parts.run_choice import run_name
from app.parts.states import empty_state
from core.services.results import RunChoice
from core.types import ProjectId, RunId


def render() -> None:
    """The page."""
    project = current_project()
    title, name = st.columns([3, 1], vertical_alignment="bottom")
    title.title("Map")
    with name:
        annotator_field()
    if graft().labelling.progress(project.id).total == 0:
        empty_state("No picture yet", "Bring some in first.", link="Add images", page="images")
        return
    model = choose_eyes(graft().results.finished(project.id))
    last = graft().maps.latest(project.id, model)
    if follow(last):
        return
    view = graft().maps.view(last) if last else None
    if view is None:
        st.markdown(
            "Each picture becomes a point, and pictures that look alike to the network lie together. Draw around some, "
            "and they are shown below, where many are labelled at once. Heaps of one colour are easy for a model; a "
            "point of another colour among them may be a wrong label; a heap that splits by place or camera shows what "
            "the network looks at instead."
        )
        draw_button(project.id, model, "Draw the map", first=True)
        return
    picture_map(project, view)
    draw_button(project.id, model, "Draw again")


def choose_eyes(runs: list[RunChoice]) -> RunId | None:
    """Whose features place the pictures: a finished training's, or None for a network that learnt no label."""
    known = {run.id: run for run in runs}
    wanted = int_param("run")
    options: list[RunId | None] = [None, *known]
    chosen: RunId | None = st.selectbox(
        "Seen by",
        options,
        index=options.index(RunId(wanted)) if wanted in known else 0,
        format_func=lambda item: (
            "A network that has learnt none of your labels" if item is None else run_name(known[item])
        ),
        help="A training of yours sees what tells your classes apart. A network that has learnt none of your labels "
        "sees what is in the pictures, and works before any training.",
    )
    set_params(run=chosen)
    return chosen


def draw_button(project: ProjectId, model: RunId | None, words: str, *, first: bool = False) -> None:
    """Start drawing."""
    if st.button(words, icon=":material/scatter_plot:", type="primary" if first else "secondary"):
        graft().maps.start(project, model)
        st.rerun()
