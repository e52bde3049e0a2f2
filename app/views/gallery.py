"""All pictures of a project: filtered, in pages, many labelled at once, deleted and brought back."""

import streamlit as st

from app.context import graft
from app.links import current_project, int_param, set_params
from app.parts.annotator import annotator_field
from app.parts.deleting import after_deleting, ask_to_delete
from app.parts.picture_filter import FIRST_PAGE, filter_bar
from app.parts.picture_grid import GridItem, picture_grid
from app.parts.states import empty_state
from app.parts.text import count
from core.services.gallery import Picture, PictureFilter, PicturePage
from core.types import ImageId, ProjectId

DELETE, RESTORE = "Delete", "Bring back"


def render() -> None:
    """The page."""
    project = current_project()
    title, name = st.columns([3, 1], vertical_alignment="bottom")
    title.title("Gallery")
    with name:
        annotator_field()
    wanted = filter_bar(project)
    after_deleting(project.id)
    after, before = int_param("after"), int_param("before")
    page = graft().gallery.page(
        project.id,
        wanted,
        after=None if after is None else ImageId(after),
        before=None if before is None else ImageId(before),
    )
    if not page.pictures:
        nothing(wanted, first=after is None and before is None)
        return
    pager(project.id, wanted, page)
    pressed = picture_grid(
        project,
        [grid_item(picture) for picture in page.pictures],
        key=f"gallery-{project.id}",
        labelling=not wanted.deleted,
        actions=[RESTORE if wanted.deleted else DELETE],
    )
    if pressed and pressed.name == DELETE:
        ask_to_delete(project.id, list(pressed.image_ids))
    elif pressed:
        graft().gallery.restore(project.id, pressed.image_ids)
        st.rerun()


def grid_item(picture: Picture) -> GridItem:
    """A picture for the grid."""
    return GridItem(
        image_id=picture.id,
        blob=picture.blob,
        name=picture.name,
        caption=" · ".join(item for item in (picture.case_name, picture.group_name) if item),
        classes=picture.classes,
        number=picture.number,
        state=picture.state,
        flagged=picture.flagged,
    )


def pager(project: ProjectId, wanted: PictureFilter, page: PicturePage) -> None:
    """How many there are, and the way to the others."""
    found, number = graft().gallery.count(project, wanted), int_param("page") or 1
    words = count(found.number, "picture") if found.exact else f"More than {found.number:,} pictures"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{words}**" + (f" · page {number:,}" if page.earlier or page.later else ""), width="content")
        if page.earlier or page.later:
            first, last = page.pictures[0].id, page.pictures[-1].id
            back = {"before": first, "after": None, "page": max(1, number - 1)}
            on = {"after": last, "before": None, "page": number + 1}
            st.button(
                "Back", icon=":material/chevron_left:", disabled=not page.earlier, on_click=set_params, kwargs=back
            )
            st.button("Next", icon=":material/chevron_right:", disabled=not page.later, on_click=set_params, kwargs=on)


def nothing(wanted: PictureFilter, *, first: bool) -> None:
    """Why there is no picture."""
    if first and wanted == PictureFilter():
        empty_state("No picture yet", "Bring some in first.", link="Add images", page="images")
        return
    if not first:
        st.info("There is nothing on this page any more.")
        st.button("First page", icon=":material/first_page:", on_click=set_params, kwargs=FIRST_PAGE)
        return
    st.info("No picture here fits what you look for. “Show all” beside the fields takes them back.")
