"""The map of pictures, and those that were drawn around."""

from collections.abc import Sequence

import streamlit as st

from app.links import go, set_params
from app.parts.picture_grid import grid_item, picture_grid
from app.parts.showing import show_more, showing
from app.parts.text import count, md
from core.charts.picture_map import picture_map_figure
from core.services.maps import COLOURINGS, LAYOUTS, CurrentImage, Heap, MapView
from core.services.projects import ProjectView

STEP = 120
LOOK_INSIDE = "Look inside"
HOW = """
**How.** A picture's features are the numbers that the network's last layer decides by; here those of {features}.
*Neighbours* is UMAP ([McInnes, Healy & Melville 2018](https://arxiv.org/abs/1802.03426)): who lies beside whom is to be
believed, how far apart two heaps lie, and how large they are, less so. *Main directions* are the first two
principal components, which show {share:.0%} of all differences: large distances are true, small ones may hide some.
"""


def picture_map(project: ProjectView, view: MapView) -> None:
    """The chart with its choices, and the chosen pictures below it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layout = _choice("Arranged by", "by", [name for name in LAYOUTS if name in view.layouts], LAYOUTS)
        colour = _choice(
            "Coloured by", "colour", view.colourings(), {key: words for key, (words, _) in COLOURINGS.items()}
        )
        with st.popover("More", type="tertiary"):
            st.markdown(HOW.format(features=md(view.features), share=view.share))
    heaps = COLOURINGS[colour][1](view)
    st.caption(
        f"{_shown(view)} Seen by {md(view.features)}. Draw around some with the lasso or the box to see and label "
        "them; a click on a name hides its points."
    )
    if view.since:
        came = f"{count(view.since, 'picture')} came after this map was drawn and {'is' if view.since == 1 else 'are'}"
        st.caption(f":material/update: {came} not on it. Draw it again to see {'it' if view.since == 1 else 'them'}.")
    event = st.plotly_chart(
        picture_map_figure(view.layouts[layout], [image.name for image in view.pictures], heaps),
        config={"displaylogo": False, "modeBarButtonsToRemove": ["autoScale2d", "toImage"]},
        key=f"map-{view.run_id}-{layout}-{colour}",
        on_select="rerun",
        selection_mode=("lasso", "box"),
    )
    chosen = [heaps[point["curve_number"]].positions[point["point_index"]] for point in event["selection"]["points"]]
    if chosen:
        _pictures(project, view, [view.pictures[position] for position in sorted(chosen)], heaps)


def _choice(label: str, name: str, options: Sequence[str], words: dict[str, str]) -> str:
    wanted = st.query_params.get(name, "")
    chosen = st.segmented_control(
        label,
        options,
        default=wanted if wanted in options else options[0],
        format_func=words.__getitem__,
        required=True,
    )
    set_params(**{name: None if chosen == options[0] else chosen})
    return chosen


def _shown(view: MapView) -> str:
    number = len(view.pictures)
    return (
        f"{number:,} of {count(view.total, 'picture')}, drawn by lot."
        if view.sample
        else f"{count(number, 'picture')}."
    )


def _pictures(project: ProjectView, view: MapView, chosen: Sequence[CurrentImage], heaps: Sequence[Heap]) -> None:
    """Exactly the chosen pictures, where many are labelled at once."""
    st.markdown(f"## :small[{count(len(chosen), 'picture')} drawn around]")
    key = f"map-{view.run_id}"
    items = [grid_item(image.id, image) for image in chosen[: showing(key, STEP)]]
    actions = [LOOK_INSIDE] if view.model else []
    pressed = picture_grid(project, items, key=f"map-grid-{view.run_id}", actions=actions)
    if pressed is not None and pressed.image_ids:
        go("explain", run=view.model, image=pressed.image_ids[0])
    show_more(key, len(chosen), STEP)
