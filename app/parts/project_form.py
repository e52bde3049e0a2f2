"""Making a project, changing it, deleting it."""

import streamlit as st

from app.context import graft, guarded
from app.links import go
from app.parts.class_table import new_classes
from app.parts.refusal import refused
from app.parts.text import TASK_WORDS, count, md
from core.errors import GraftError
from core.services.projects import ProjectSummary, ProjectView
from core.types import Task

GUIDELINE = "How to decide in doubtful cases; shown while labelling."
UNIT = "Shown beside each number, such as cm or %."


def new_project() -> None:
    """The fields of a new project, and the button."""
    name = st.text_input("Name", placeholder="Tomato leaves", max_chars=200)
    task = st.radio("What is asked of each picture?", list(Task), format_func=TASK_WORDS.__getitem__) or Task.SINGLE
    unit, classes = "", []
    if task is Task.REGRESSION:
        unit = st.text_input("Unit of the number (optional)", placeholder="cm", help=UNIT, max_chars=20)
    else:
        st.markdown("Grades" if task is Task.ORDINAL else "Classes")
        classes = new_classes(key="new-classes", graded=task is Task.ORDINAL)
        st.caption("Sub-folders or a table can bring classes along with the pictures; all can be changed later.")
    guideline = st.text_area("Guideline (optional)", help=GUIDELINE)
    if not st.button("Create project", type="primary"):
        return
    settings = {"unit": unit.strip()} if unit.strip() else {}
    try:
        made = graft().projects.create(name, task, classes, guideline=guideline, settings={**settings})
    except GraftError as error:
        refused(error)
        return
    go("images", project=made)


@st.dialog("Change the project")
@guarded
def edit_project(project: ProjectView) -> None:
    """Name, guideline and unit."""
    name = st.text_input("Name", project.name, max_chars=200)
    unit = project.unit
    if project.task is Task.REGRESSION:
        unit = st.text_input("Unit of the number", unit, help=UNIT, max_chars=20)
    guideline = st.text_area("Guideline", project.guideline, help=GUIDELINE, height=200)
    if st.button("Save", type="primary"):
        try:
            graft().projects.edit(project.id, name=name, guideline=guideline, unit=unit, seen=project)
        except GraftError as error:
            refused(error)
            return
        st.rerun()


@st.dialog("Delete the project?")
@guarded
def delete_project(summary: ProjectSummary) -> None:
    """The question before deleting."""
    st.markdown(
        f"**{md(summary.project.name)}** with {count(summary.pictures, 'picture')} will no longer be listed. "
        "Pictures, labels and results stay on disk, and you can bring the project back from the list of deleted ones."
    )
    if st.button("Delete the project", type="primary", icon=":material/delete:"):
        graft().projects.delete(summary.project.id)
        st.rerun()
