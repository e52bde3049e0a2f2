"""Starting a training and following it."""

import streamlit as st

from app.context import graft
from app.links import current_project, int_param, page_link, set_params
from app.parts.text import md
from core.catalogue import BACKBONES
from core.recipes import PRESETS
from core.services.training import RunRecord
from core.types import ProjectId, RunId, RunState

WEIGHTS = {
    "imagenet": "Pretrained on ImageNet: best; needs the network once",
    "none": "None: works everywhere, learns least",
}


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Train")
    form(project.id)
    run = int_param("run")
    runs = graft().training.list(project.id)
    if run is None and runs:
        run = runs[0].id
    if run is not None:
        follow(RunId(run))


def form(project: ProjectId) -> None:
    """Choices, and the button."""
    with st.form("train"):
        left, right = st.columns(2)
        backbone = left.selectbox(
            "Network",
            list(BACKBONES),
            format_func=lambda name: f"{BACKBONES[name].title} ({md(name)}): {BACKBONES[name].words}",
        )
        weights = right.selectbox("What it knows already", list(WEIGHTS), format_func=WEIGHTS.__getitem__)
        st.caption("Instant: the network looks at each picture once, and a small head learns your classes in seconds.")
        if st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:"):
            recipe = PRESETS["instant"].with_settings({"backbone": str(backbone), "weights": str(weights)})
            set_params(run=graft().training.start(project, recipe))


def follow(run_id: RunId) -> None:
    """The run's state until it ends."""
    run = graft().training.read(run_id)
    if run.state.ended:
        end(run)
        return

    @st.fragment(run_every=1)
    def ticking() -> None:
        now = graft().training.read(run_id)
        if now.state.ended:
            st.rerun()
        message = str(now.progress.get("message") or "Waiting for its turn")
        st.progress(float(str(now.progress.get("fraction") or 0)), text=md(message))
        if st.button("Stop", icon=":material/stop:"):
            graft().training.cancel(run_id)

    ticking()


def end(run: RunRecord) -> None:
    """How it ended, and its curves."""
    if run.state is RunState.FAILED:
        st.error(f"{md(run.error)} {md(run.hint)}", icon=":material/error:")
    elif run.state is RunState.CANCELLED:
        st.info(f"Run {run.id} was stopped.", icon=":material/stop:")
    else:
        st.success(f"Run {run.id} is done.", icon=":material/check:")
        page_link("See how good it is", "results", icon=":material/monitoring:", run=run.id)
    curves = graft().training.curves(run.id)
    for column, name in zip(st.columns(2), ("validation/loss", "validation/score"), strict=True):
        if name in curves:
            column.caption("Loss on validation" if name.endswith("loss") else "Balanced accuracy on validation")
            column.line_chart({"value": [value for _, value in curves[name]]}, height=220)
