"""Because it resembles: training pictures nearest to the one that is open, and the nearest with another label."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.parts.following import follow
from app.parts.more import explained
from app.parts.picture_row import picture_row
from app.parts.text import md
from core.errors import GraftError, NotFound
from core.services.neighbours import NeighboursView, NeighbourView
from core.types import ImageId, RunId

PATIENCE_S = 8.0
HOW = """
**How.** The network turns every picture into a list of numbers, its features; its last layer makes the answer of them.
Pictures whose features point in the same direction are alike to the model: the distance is one less the cosine of the
angle, 0 for the same and 1 for nothing in common. All training pictures are compared
([Papernot & McDaniel 2018](https://arxiv.org/abs/1803.04765)). The second row are those nearest whose label is *not*
what the model says: what the picture would have to look like to be called otherwise
([Keane & Smyth 2020](https://arxiv.org/abs/2005.13997)).
"""


def resembles(model: RunId, image: ImageId) -> None:
    """The section, asked for by a switch."""
    if not st.toggle("Show the training pictures it resembles", key=f"resembles-{model}"):
        return
    key = f"neighbours-{model}-{image}"
    if key not in st.session_state:
        st.session_state[key] = graft().neighbours.request(model, image)
    try:
        with st.spinner("Comparing with the training pictures…"):
            run = graft().queue.wait(st.session_state[key], timeout_s=PATIENCE_S)
    except NotFound:  # asked an hour ago, and forgotten
        del st.session_state[key]
        st.rerun()
    except GraftError:
        run = graft().queue.read(st.session_state[key])
    if follow(run):
        return
    for view in graft().neighbours.views(run):
        _show(view)


def _show(view: NeighboursView) -> None:
    explained(_words(view), HOW)
    _row(view.nearest)
    if view.others:
        st.markdown(f"The nearest that are not **{md(view.said)}**:")
        _row(view.others)


def _words(view: NeighboursView) -> str:
    if not view.said:
        return "The training pictures most like it to the model, with their numbers:"
    said = f"of the {len(view.nearest)} nearest training pictures are labelled **{md(view.said)}**, as the model says"
    if view.alike * 2 >= len(view.nearest):
        return f"{view.alike} {said}:"
    few = f"Only {view.alike}" if view.alike else "None"
    return f"{few} {said}. Is a label wrong there, or are such pictures missing?"


def _row(items: Sequence[NeighbourView]) -> None:
    picture_row((item.blob, item.name, item.label, f"distance {item.distance:.3f}") for item in items)
