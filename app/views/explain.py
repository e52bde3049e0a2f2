"""What a model looks at in pictures."""

import streamlit as st

from app.context import graft
from app.links import current_project, int_param, set_params
from app.parts.grades import grades
from app.parts.heatmap_gallery import heatmap_gallery
from app.parts.resembles import resembles
from app.parts.run_choice import choose_model
from app.parts.states import empty_state
from app.parts.viewer import HONEST, viewer
from app.parts.what_changed import what_changed
from core.services.explanations import PictureView, Which
from core.types import ImageId, ProjectId, RunId, Task

WHICH = {
    Which.MISTAKES: "Mistakes, surest first",
    Which.UNSURE: "Least sure first",
    Which.RIGHT: "Named rightly",
    Which.ALL: "All of the test pictures",
}
NUMBERS = {Which.MISTAKES: "Farthest off first", Which.UNSURE: "Closest first", Which.ALL: "All of the test pictures"}
"""The same of a model that says a number, which is never just right or wrong."""
ONE, MANY, TRUST, CHANGED = "One picture", "All pictures", "Can it be trusted?", "What changed"
SECTIONS = (ONE, MANY, TRUST, CHANGED)


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Look inside")
    runs = graft().explanations.list(project.id)
    if not runs:
        empty_state("No model yet", "Train one, then see what it looks at.", link="Train", page="train")
        return
    model = choose_model(runs, width=420)
    shown = st.query_params.get("show", "")
    section = st.segmented_control(
        "Show", SECTIONS, default=shown if shown in SECTIONS else ONE, required=True, label_visibility="collapsed"
    )
    set_params(show=None if section == ONE else section)
    methods = [item.name for item in graft().explanations.subject(model).methods]
    method = st.query_params.get("method", "")
    method = method if method in methods else graft().grades.default_method(model)
    if section == MANY:
        heatmap_gallery(model, methods, method)
    elif section == TRUST:
        grades(project.id, model)
    elif section == CHANGED:
        what_changed(model)
    else:
        one_picture(project.id, model, method)


def one_picture(project: ProjectId, model: RunId, method: str) -> None:
    """The viewer."""
    subject = graft().explanations.subject(model)
    kinds = NUMBERS if subject.task is Task.REGRESSION else WHICH
    which = st.selectbox("Which pictures", list(kinds), format_func=kinds.__getitem__, width=300)
    pictures, selected = offered(model, which)
    if not pictures:
        words = "mistakes" if which is Which.MISTAKES else "such pictures"
        st.info(f"This model has no {words} on the test pictures. Choose others above.", icon=":material/check_circle:")
        return
    choice = viewer(
        subject,
        pictures,
        key=f"viewer-{model}",
        selected=selected,
        target=int_param("target"),
        method=method,
        grades=graft().grades.newest(model),
        circles=graft().circles.of(project, [item.image for item in pictures if item.image]),
        circled=graft().circles.count(project),
    )
    st.caption(HONEST, help="How a method works is said under its name, in the list of methods.")
    if choice:
        set_params(image=choice["image"], target=choice["target"], method=choice["method"])
    shown = choice["image"] if choice else pictures[selected].image
    if shown:
        resembles(model, ImageId(shown))


def offered(model: RunId, which: Which) -> tuple[list[PictureView], int]:
    """The pictures to choose from, and the position of the one in the address, which is put first if it is another."""
    found = graft().explanations.pictures(model, which)
    wanted = int_param("image")
    if wanted is None:
        return found, 0
    for position, picture in enumerate(found):
        if picture.image == wanted:
            return found, position
    return [graft().explanations.picture(model, ImageId(wanted)), *found], 0
