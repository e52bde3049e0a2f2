"""All projects, and making a new one."""

import streamlit as st

from app.context import graft
from app.links import go, page_link
from app.parts.states import empty_state
from app.parts.text import TASK_WORDS, count, md
from core.errors import GraftError
from core.services.projects import ProjectView
from core.types import Task


def render() -> None:
    """The page."""
    st.title("Projects")
    projects = graft().projects.list()
    if not projects:
        empty_state("No project yet", "A project holds pictures of one kind and the question you ask of them.")
    for project in projects:
        card(project)
    with st.expander("New project", icon=":material/add:", expanded=not projects):
        new_project()


def card(project: ProjectView) -> None:
    """One project."""
    with st.container(border=True):
        page_link(f"**{md(project.name)}**", "images", project=project.id)
        names = ", ".join(item.name for item in project.classes) or "no classes yet"
        st.caption(f"{TASK_WORDS[project.task]} · {count(len(project.classes), 'class', 'classes')}: {md(names)}")


def new_project() -> None:
    """The form."""
    with st.form("new-project", border=False):
        name = st.text_input("Name", placeholder="Tomato leaves")
        task = st.radio("What is asked of each picture?", list(Task), format_func=TASK_WORDS.__getitem__) or Task.SINGLE
        classes = st.text_area("Classes, one per line", placeholder="healthy\nrust", help="They can be changed later.")
        guideline = st.text_area("Guideline (optional)", help="How to decide in doubtful cases; shown while labelling.")
        if not st.form_submit_button("Create project", type="primary"):
            return
    try:
        made = graft().projects.create_from_names(name, task, classes.splitlines(), guideline=guideline)
    except GraftError as error:
        st.error(f"{md(error.message)} {md(error.hint)}")
        return
    go("images", project=made)
