"""Pages, and links between them. Ids live in the address, so that a link survives a reload."""

import importlib
from dataclasses import dataclass

import streamlit as st

from app.context import graft
from core.errors import NotFound
from core.services.projects import ProjectView
from core.types import ProjectId, whole_number


@dataclass(frozen=True, slots=True)
class PageInfo:
    """A page as the sidebar names it."""

    title: str
    icon: str
    section: str


PAGES = {
    "projects": PageInfo("Projects", ":material/folder_open:", ""),
    "images": PageInfo("Add images", ":material/add_photo_alternate:", "Collect"),
    "label": PageInfo("Label", ":material/sell:", "Label"),
    "gallery": PageInfo("Gallery", ":material/photo_library:", "Label"),
    "map": PageInfo("Map", ":material/scatter_plot:", "Label"),
    "classes": PageInfo("Classes", ":material/category:", "Label"),
    "check": PageInfo("Check data", ":material/fact_check:", "Label"),
    "pretrain": PageInfo("Learn without labels", ":material/school:", "Learn"),
    "train": PageInfo("Train", ":material/model_training:", "Learn"),
    "results": PageInfo("Results", ":material/monitoring:", "Learn"),
    "explain": PageInfo("Look inside", ":material/visibility:", "Learn"),
    "compare": PageInfo("Compare", ":material/balance:", "Learn"),
    "search": PageInfo("Find a recipe", ":material/manage_search:", "Learn"),
    "benchmark": PageInfo("Which network?", ":material/leaderboard:", "Learn"),
    "predict": PageInfo("Predict", ":material/online_prediction:", "Use"),
    "export": PageInfo("Export", ":material/download:", "Use"),
}
"""Page key (its module in `app.views` and its path in the address) -> how it is named."""


def page(key: str) -> "st.Page":
    """The Streamlit page of that key."""
    info = PAGES[key]
    render = importlib.import_module(f"app.views.{key}").render
    return st.Page(render, title=info.title, icon=info.icon, url_path=key, default=key == "projects")


def _params(params: dict[str, object]) -> dict[str, str]:
    project = st.query_params.get("project")
    merged = {"project": project, **params}
    return {name: str(value) for name, value in merged.items() if value is not None}


def page_link(label: str, key: str, *, icon: str | None = None, **params: object) -> None:
    """A link to another page; it keeps the project unless told otherwise."""
    st.page_link(page(key), label=label, icon=icon, query_params=_params(params))


def go(key: str, **params: object) -> None:
    """Open another page now; it keeps the project unless told otherwise."""
    st.switch_page(page(key), query_params=_params(params))


def int_param(name: str) -> int | None:
    """The whole number of that name in the address, or None."""
    return whole_number(st.query_params.get(name, ""))


def set_params(**params: object) -> None:
    """Write values into the address; None removes one.

    All at once: the browser's way back would lead through every address between.
    """
    before = st.query_params.to_dict()
    after = {name: str(value) for name, value in {**before, **params}.items() if value is not None}
    if after != before:
        st.query_params.from_dict(after)


def current_project() -> ProjectView:
    """The project in the address, else the one used last, else the newest. Without any, says so and ends the page."""
    wanted = int_param("project")
    if wanted is not None:
        project = graft().projects.read(ProjectId(wanted))
    else:
        project = _last_used()
        set_params(project=project.id)
    st.session_state["project"] = project.id
    return project


def _last_used() -> ProjectView:
    projects = graft().projects.list()
    if not projects:
        st.info("There is no project yet. Create the first one on the Projects page.", icon=":material/folder_open:")
        page_link("Go to Projects", "projects")
        st.stop()
    last = st.session_state.get("project")
    return next((item for item in projects if item.id == last), projects[0])


def known_project() -> ProjectView | None:
    """The project the sidebar should name, or None; unlike `current_project` it never ends the page."""
    wanted = int_param("project") or st.session_state.get("project")
    if wanted is None:
        return None
    try:
        return graft().projects.read(ProjectId(wanted))
    except NotFound:
        return None
