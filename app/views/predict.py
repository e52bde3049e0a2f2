"""What a model says of new pictures."""

from urllib.parse import urlencode

import streamlit as st

from app.components import mount
from app.context import graft
from app.links import current_project, int_param, page_link, set_params
from app.parts.predictions import doubtful, group_of_all, rejected, relied, table
from app.parts.promise import promise_of
from app.parts.run_choice import choose_model
from app.parts.run_status import followed
from app.parts.states import empty_state
from app.parts.text import count
from core.errors import NotFound
from core.services.predictions import PredictionsView
from core.types import ProjectId, RunId, Task


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Predict")
    runs = graft().explanations.list(project.id)
    if not runs:
        empty_state("No model yet", "Train one, then let it look at new pictures.", link="Train", page="train")
        return
    model = choose_model(runs)
    bring(project.id, model)
    job = int_param("job")
    if job is None:
        newest = [item for item in graft().predictions.list(project.id) if item.payload.get("model") == model]
        job = newest[0].id if newest else None
    if job is not None:
        said(RunId(job), project.task)


def bring(project: ProjectId, model: RunId) -> None:
    """New pictures: dropped, or from a folder of the server."""
    sent = mount(
        "uploader",
        key=f"predict-{project}",
        data={"project": project, "purpose": "predict"},
        on_finished_change=lambda: None,
    )
    if sent.finished and sent.finished.get("batch"):
        set_params(job=graft().predictions.start(model, f"upload:{sent.finished['batch']}"))
    with (
        st.expander("From a folder of the computer that Graft runs on", icon=":material/dns:"),
        st.form("predict-folder", border=False),
    ):
        path = st.text_input("Folder, zip or picture", placeholder="/data/new-leaves")
        groups = st.text_input(
            "Table with each picture's group, if you have one",
            placeholder="/data/new-leaves.csv",
            help="A CSV with the columns file and group: fields, clinics. One that lies in the folder is found.",
        )
        if st.form_submit_button("Predict") and path:
            set_params(job=graft().predictions.start(model, path.strip(), groups=groups.strip()))


def said(job: RunId, task: Task) -> None:
    """The job's progress while it runs, then what the model said."""
    try:
        run = graft().predictions.run(job)
    except NotFound:
        set_params(job=None)
        return
    if followed(run, "What was said until then is below.", every_s=0.5):
        outcome(graft().predictions.read(job, *promise_of(task, grouped=True), group_of_all()))


def outcome(view: PredictionsView) -> None:
    """Everything the model said."""
    if view.items:
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        left.subheader(f"What the model says of {count(len(view.items), 'picture')}")
        coverage, by = promise_of(view.task, grouped=True)
        asked = urlencode({"promise": f"{100 * coverage:.0f}", "to": by, "group": group_of_all()})
        address = f"/api/predictions/{view.run.id}.csv?{asked}"
        right.link_button("Download as CSV", address, icon=":material/download:", width="stretch")
        relied(view)
        table(view)
        doubtful(view)
    rejected(view)
    if view.model != int_param("run"):
        page_link(f"These answers are those of run {view.model}.", "predict", run=view.model, job=view.run.id)
