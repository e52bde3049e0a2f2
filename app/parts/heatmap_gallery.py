"""What a model looks at in all pictures of a split, and in the mean over each class."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from app.context import graft
from app.links import current_project
from app.parts.following import follow
from app.parts.more import heading
from app.parts.showing import show_more, showing
from app.parts.text import count, md
from core.catalogue import EXPLANATIONS
from core.services.heatmaps import ClassHeat, GalleryItem, HeatmapsView
from core.types import RunId, Split

STEP = 48
HOW = """
**How.** Every picture is explained for the answer that the model gave, of several classes for the likeliest, in batches
of 16. The mean adds up the maps of
all pictures with that answer, each scaled to its hottest place, and lies over the mean of these pictures. Where
bfloat16, or for many pictures OpenVINO, is clearly faster on this computer it is used, if no place of a trial's maps
differs by more than 5% from torch's in float32, by which single pictures are always explained. The border is the
outermost tenth on each side. What a model does by a trick shows in many maps at once, and seldom in one
([Lapuschkin et al. 2019](https://doi.org/10.1038/s41467-019-08987-4)).
"""
MANY = 12
"""Classes above which their means stand in smaller pictures, so wide:"""
MANY_PX = 150
GRID = """<style>
.heats { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; }
.heats figure { margin: 0; }
.heats a { position: relative; display: block; aspect-ratio: 4 / 3; border-radius: .5rem; overflow: hidden;
  background: rgba(128, 128, 128, .15); }
.heats img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.heats .heat { opacity: .7; }
.heats figcaption { font-size: .875rem; line-height: 1.3; margin-top: .3rem; overflow-wrap: anywhere; }
.heats .wrong { color: #c0392b; color: light-dark(#c0392b, #ff8a80); font-weight: 600; }
</style>"""


def heatmap_gallery(model: RunId, methods: Sequence[str], method: str) -> None:
    """The section."""
    last = graft().heatmaps.latest(model)
    if follow(last):
        return
    view = graft().heatmaps.view(last) if last else None
    if view is None:
        st.markdown(
            "See at a glance where the model looks in all test pictures, its mistakes first, and where it looks on "
            "average. A model that cheats shows it here: heat that stays on a border, a tag or a ruler."
        )
    with st.form("heatmaps", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox(
            "Pictures", [Split.TEST, Split.VALIDATION], format_func=lambda item: item.value.capitalize(), width=180
        )
        chosen = st.selectbox(
            "Method",
            list(methods),
            index=list(methods).index(view.method if view else method),
            format_func=lambda item: EXPLANATIONS[item].title,
            width=260,
        )
        if st.form_submit_button("Draw them all" if view is None else "Draw them again", icon=":material/imagesmode:"):
            graft().heatmaps.start(model, split=split, method=chosen)
            st.rerun()
    if view is not None:
        _show(view)


def _show(view: HeatmapsView) -> None:
    by = {"bfloat16": "in bfloat16", "openvino": "with OpenVINO's help"}.get(view.precision)
    how = f"{HOW}\nThese maps were drawn {by}; the trial's differed by at most {view.apart:.1%}." if by else HOW
    named = any(item.name for item in view.classes)
    heading("Where it looks for each class, on average" if named else "Where it looks, on average", how)
    for item, place in zip(view.classes, _places(len(view.classes)), strict=True):
        with place:
            address = f"/api/heatmaps/{view.run.id}/mean/{item.target}.png"
            st.html(f'<img src="{address}" alt="Mean heatmap" style="width: 100%; border-radius: .5rem">')
            st.caption(_class_words(item))
    wrong, pictures = sum(item.wrong for item in view.items), count(len(view.items), f"{view.split.value} picture")
    if any(item.off is not None for item in view.items):
        st.header(f"{pictures}, the farthest off first")
        only = False
    else:
        st.header(f"{count(wrong, 'mistake')} among {pictures}")
        only = st.toggle("Only the mistakes", value=bool(wrong), disabled=not wrong)
    items = [item for item in view.items if item.wrong or not only]
    if not all(item.kept for item in items):
        st.caption("Some heatmaps were forgotten to save space; draw them again, or open the picture.")
    key = f"heatmaps-{view.run.id}-{only}"
    st.html(GRID + _grid(view, items[: showing(key, STEP)]))
    show_more(key, len(items), STEP)


def _places(classes: int) -> "list[st.delta_generator.DeltaGenerator]":
    """Where the means stand: a few in a row that fills the page, many in rows of as many as there is room for."""
    if classes <= MANY:
        columns = st.columns(min(4, max(2, classes)))
        return [columns[index % len(columns)] for index in range(classes)]
    row = st.container(horizontal=True, gap="small")
    return [row.container(width=MANY_PX, gap="xsmall") for _ in range(classes)]


def _class_words(item: ClassHeat) -> str:
    words = f"**{md(item.name or 'The number')}**, {count(item.pictures, 'picture')}"
    if item.border > 1.5 * item.border_area:
        words += f". :material/warning: {item.border:.0%} of the heat is on the border: is there a tag, or background?"
    return words


def words(item: GalleryItem) -> str:
    """What was said of a picture, and what it is, as HTML."""
    said = f"{escape(item.said)}" + (f", {item.sure:.0%} sure" if item.sure is not None else "")
    if item.wrong:
        return f'{said}<br><span class="wrong">label: {escape(item.truth)}</span>'
    return f"{said}<br>right" if item.off is None else f"{said}<br>label: {escape(item.truth)}"


def _grid(view: HeatmapsView, items: Sequence[GalleryItem]) -> str:
    project = current_project().id
    cells = []
    for item in items:
        # Names and classes are people's own words: escaped. Everything else is numbers.
        address = f"?project={project}&amp;run={view.run.parent_id}&amp;image={item.image}&amp;method={view.method}"
        heat = f'<img class="heat" src="/api/heatmaps/{view.run.id}/{item.image}.png" alt="" loading="lazy">'
        heat = heat if item.kept else ""
        cells.append(
            f'<figure><a href="{address}" target="_self" title="{escape(item.name)}">'
            f'<img src="/api/blob/{item.blob}/thumb" alt="{escape(item.name)}" loading="lazy">{heat}'
            f"</a><figcaption>{words(item)}</figcaption></figure>"
        )
    return f'<div class="heats">{"".join(cells)}</div>'
