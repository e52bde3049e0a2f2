"""The app's frame: sidebar and navigation. Runs anew at each interaction; the pages are in `app.views`."""

import itertools
from pathlib import Path

import streamlit as st

from app.context import graft, guarded
from app.links import PAGES, known_project, page, page_link
from core.types import ProjectId

# A file of our own: an icon by name would be fetched from another host.
st.set_page_config(page_title="Graft", page_icon=str(Path(__file__).parent / "favicon.svg"), layout="wide")

# Streamlit's second and third headings are nearly as large as a title. Ours are one size smaller each, and a second one
# whose words are :small[] two: so headings go down by one level at a time, which is how one hears where one is.
# Streamlit writes white on its chief button and on what is chosen of several, which is too faint on the green of the
# dark theme, hardly marks the link that the keyboard stands on, cuts a link that is longer than its line, and makes
# links and choices too low for a finger.
STYLES = """<style>
:is([data-testid=stMain], [role=dialog]) [data-testid=stHeadingWithActionElements] {
    & > h2 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.005em; padding: .75rem 0 1rem; }
    & > h3, & > h2:has(> [data-heading-text] > [style*="0.875rem"]) {
        font-size: 1.5rem; line-height: 1.2; letter-spacing: normal; padding: .5rem 0 1rem;
    }
    & > h2 > [data-heading-text] > [style*="0.875rem"] { font-size: inherit !important; }
}
.figure { font-size: 1.75rem; font-weight: 600; line-height: 1.2; letter-spacing: -.005em; padding-top: .75rem; }
[data-testid^=stBaseButton-primary]:not(:disabled), [data-testid=stMultiSelectTagsContainer] [data-tag] * {
    color: light-dark(#FFFFFF, #141A17) !important;
}
[data-testid=stMain] [data-testid=stPageLink-NavLink] { min-height: 1.75rem; }
[data-testid=stMain] [data-testid=stPageLink-NavLink] :is(span, p):not([data-testid=stIconMaterial]) {
    line-height: 1.4; white-space: normal; overflow-wrap: anywhere; overflow: visible;
}
[data-testid=stPageLink-NavLink]:focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
@media (pointer: coarse) {
    [data-testid=stPageLink-NavLink], [data-testid=stButtonGroup] button, [data-testid=stExpandSidebarButton] {
        min-height: 2.5rem; min-width: 2.5rem;
    }
}
</style>"""


def choose_project() -> None:
    """Switch to the project chosen in the sidebar."""
    # Everything else in the address belongs to the project that is left.
    st.query_params.from_dict({"project": str(st.session_state["chosen_project"])})
    st.session_state["project"] = st.session_state["chosen_project"]


def sidebar() -> None:
    """Brand, project chooser and page links that keep the project."""
    st.markdown("### :material/eco: Graft")
    page_link("Projects", "projects", icon=PAGES["projects"].icon)
    projects = {item.id: item.name for item in graft().projects.list()}
    current = known_project()
    if not projects:
        return
    st.session_state["chosen_project"] = current.id if current else ProjectId(next(iter(projects)))
    st.selectbox(
        "Project",
        list(projects),
        key="chosen_project",
        format_func=lambda item: projects.get(item, ""),
        on_change=choose_project,
    )
    if current is None:
        return
    pages = [(key, info) for key, info in PAGES.items() if info.section]
    for section, members in itertools.groupby(pages, key=lambda pair: pair[1].section):
        st.caption(section)
        for key, info in members:
            page_link(info.title, key, icon=info.icon, project=current.id)


st.html(STYLES)
chosen = st.navigation([page(key) for key in PAGES], position="hidden")
with st.sidebar:
    guarded(sidebar)()
guarded(chosen.run)()
