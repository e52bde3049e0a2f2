"""Where a model is weaker, and the pictures there."""

import streamlit as st

from app.context import graft
from app.parts.behind import behind
from app.parts.more import explained
from app.parts.text import count, md
from core.charts import whiskers_figure, whiskers_info
from core.services.projects import ProjectView
from core.services.results import FIGURES, Interval, ResultsView
from core.services.results_judging import Slice, WeakSpots
from core.words import plain_number

SHOWN = 8
ERROR = FIGURES["mae"]
HOW = """
**How.** Pictures are grouped by everything that is known of them: group, columns of your table, camera, month, and
brightness, sharpness, size and shape of the picture, in thirds. Each group is held against all other pictures. Whoever
looks at many groups finds weak ones by chance; therefore a group needs a least size, and only those are called
*clearly weaker* that stand after correction for how many were looked at (Fisher's exact test, for numbers Welch's;
[Benjamini & Hochberg 1995](https://doi.org/10.1111/j.2517-6161.1995.tb02031.x): of those called so, on average at most
one in twenty is not). The interval of the difference is [Newcombe's (1998)](https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I),
with the effective number of pictures where several are of one case. A weak group may be weak because of something else
that it shares: look at the pictures.
"""


def weak_spots(project: ProjectView, view: ResultsView) -> None:
    """The section."""
    found = graft().judging.weak_spots(view.run_id, view.split)
    explained(_sentence(found), HOW)
    if not found.slices:
        looked = ", ".join(md(name).lower() for name in found.attributes) or "nothing is known of them"
        st.info(
            f"No part of these pictures is large enough: it takes at least {found.needed} pictures in it (of as many "
            f"cases or groups, where these are named), and as many outside. Looked at: {looked}.",
            icon=":material/hourglass_empty:",
        )
        return
    top = found.slices[:SHOWN]
    names = [f"{item.attribute}: {item.value}" for item in top]
    there = "right there" if found.share else "mean error there"
    info = whiskers_info(names, {there: [item.inside for item in top], "elsewhere": [item.outside for item in top]})
    off = f"mean error, {view.unit}" if view.unit else "mean error"
    chart = whiskers_figure(info, percent=found.share, title="right" if found.share else off)
    st.plotly_chart(chart, config={"displayModeBar": False}, key="weak-spots")
    first = "wrongly named ones" if found.share else "farthest off"
    st.caption(f"Choose a line to see its pictures, the {first} first.")
    event = st.dataframe(
        [_row(item, found.share) for item in found.slices],
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key=f"slices-{view.run_id}-{view.split}",
        column_config=dict.fromkeys(("What", "Where"), st.column_config.Column(pinned=True)),
    )
    for row in event["selection"]["rows"]:
        _pictures(project, view, found, found.slices[row])


def _sentence(found: WeakSpots) -> str:
    groups, clear = count(len(found.slices), "group"), len(found.clear)
    if not found.slices:
        return "Is it weaker somewhere?"
    if not clear:
        return f"Of {groups} looked at, **none** is clearly weaker than the rest."
    worst = found.clear[0]
    if found.share:
        how = f"{worst.inside.value:.0%} right there, {worst.outside.value:.0%} elsewhere"
    else:
        how = f"off by {ERROR.shown(worst.inside)} on average, elsewhere by {ERROR.shown(worst.outside)}"
    are = "is" if clear == 1 else "are"
    return (
        f"Of {groups} looked at, **{clear}** {are} clearly weaker. The weakest is "
        f"**{md(worst.attribute)}: {md(worst.value)}**: {how}."
    )


def _row(item: Slice, share: bool) -> dict[str, object]:
    return {
        "What": item.attribute,
        "Where": item.value,
        "Clearly weaker?": "yes" if item.clear else "may be chance",
        "Pictures": len(item.positions),
        "Right there" if share else "Error there": _shown(item.inside, share),
        "Elsewhere": _shown(item.outside, share),
        "Worse by": _gap(item.worse, share),
    }


def _shown(found: Interval, share: bool) -> str:
    if share:
        return f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"
    return f"{ERROR.shown(found)} ({ERROR.range(found)})"


def _gap(found: Interval, share: bool) -> str:
    if not share:
        return _shown(found, share)
    value, low, high = (plain_number(100 * item) for item in (found.value, found.low, found.high))
    return f"{value} points ({low} to {high})"


def _pictures(project: ProjectView, view: ResultsView, found: WeakSpots, item: Slice) -> None:
    images = tuple(found.images[position] for position in item.positions)
    pictures = graft().judging.behind(view.run_id, images, view.split)
    st.markdown(f"## :small[{md(item.attribute)}: {md(item.value)} · {count(len(pictures), 'picture')}]")
    behind(project, view.run_id, pictures, key=f"slice-{view.run_id}-{item.attribute}-{item.value}", truth=True)
