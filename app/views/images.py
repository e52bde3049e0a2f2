"""Bringing pictures in: dropped in the browser or from a folder of the server, and what became of them."""

import contextlib

import streamlit as st

from app.components import mount
from app.context import graft
from app.links import current_project, int_param, set_params
from app.parts.import_report import OVERRULE, outcome
from app.parts.run_status import followed
from core.errors import NotFound
from core.services.imports import ImportPayload
from core.types import ProjectId, RunId, RunKind


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Add images")
    options = table_options()
    sent = mount(
        "uploader",
        key=f"uploader-{project.id}",
        data={"project": project.id, "purpose": "import", "options": options},
        on_finished_change=lambda: None,
    )
    if sent.finished and sent.finished.get("run"):
        set_params(run=sent.finished["run"])
    with st.expander("From a folder of the computer that Graft runs on", icon=":material/dns:"):
        server_folder(project.id, options)
    run = shown_import(project.id)
    if run is not None:
        st.header("Last import")
        live(run)


def shown_import(project: ProjectId) -> RunId | None:
    """The import in the address, if it is one of this project, else the newest."""
    wanted = int_param("run")
    if wanted is not None:
        with contextlib.suppress(NotFound):
            run = graft().imports.report(RunId(wanted)).run
            if run.project_id == project and run.kind is RunKind.IMPORT:
                return run.id
    newest = graft().imports.list(project, limit=1)
    return newest[0].id if newest else None


def table_options() -> dict[str, str | bool]:
    """How labels and metadata are found."""
    with st.expander("Labels that come with the pictures", icon=":material/table:"):
        st.caption(
            "Sub-folders named like classes give labels. A CSV among the files gives labels and more: one line per "
            "picture, with a column for the file name. Leave a field empty if there is no such column. A CSV alone "
            "corrects what is known of pictures that are here."
        )
        left, right = st.columns(2)
        names = {
            "file_column": left.text_input("Column with the file name", placeholder="found by itself"),
            "label_column": right.text_input("Column with the label", placeholder="found by itself"),
            "case_column": left.text_input("Column with the case", help="The plant, patient or animal."),
            "group_column": right.text_input("Column with the group", help="The field, clinic or camera."),
            "date_column": left.text_input("Column with the date"),
        }
        folders = st.checkbox("Sub-folders are labels", value=True)
        create = st.checkbox("Make classes that are missing", value=True)
        overrule = st.checkbox(
            OVERRULE,
            help="A table brought again corrects labels that were imported. Labels given in Graft stay and are listed, "
            "unless you choose this.",
        )
    return {**names, "folder_labels": folders, "create_classes": create, "overrule": overrule}


def server_folder(project: ProjectId, options: dict[str, str | bool]) -> None:
    """Import by path."""
    with st.form("server-folder", border=False):
        path = st.text_input("Folder, zip or picture", placeholder="/data/leaves")
        if st.form_submit_button("Import") and path:
            payload = ImportPayload(source=path.strip(), **options)  # type: ignore[arg-type]
            set_params(run=graft().imports.start(project, payload))


def live(run: RunId) -> None:
    """The import's progress while it runs, then its report."""
    report = graft().imports.report(run)
    if followed(report.run, "What is counted below had gone in, and stays."):
        outcome(report)
