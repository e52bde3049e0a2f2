"""Which classes are confused most, and an order in which they stand side by side."""

from collections.abc import Sequence

import streamlit as st

from app.links import set_params
from app.parts.text import md
from core.charts.words import short
from core.services.results import ResultsView
from core.types import Task

MANY = 8
"""Classes from which on another order is offered; at twice as many it is the first choice."""
HOW = (
    "The more often two classes are taken for each other, the earlier they are joined, and the branches of the tree "
    "are turned so that neighbours are as alike as can be "
    "([Bar-Joseph et al. 2001](https://doi.org/10.1093/bioinformatics/17.suppl_1.S22)). Blocks along the diagonal are "
    "groups of classes that the model cannot tell apart well."
)


def chosen_order(view: ResultsView) -> Sequence[int]:
    """The order of the classes that is chosen here; empty: as they are. Grades are never put into another one."""
    if view.task is not Task.SINGLE or len(view.classes) < MANY:
        return ()
    usual, other = "As in the project", "Confused ones together"
    first = other if len(view.classes) >= 2 * MANY else usual
    chosen = st.segmented_control(
        "Order of the classes", (usual, other), default=first, required=True, key=f"order-{view.run_id}", help=HOW
    )
    return view.alike_together if chosen == other else ()


def most_confused(view: ResultsView) -> None:
    """The most frequent mistakes; each opens its pictures."""
    pairs = [] if view.task is Task.MULTI else view.most_confused
    if not pairs:
        return
    st.caption("Taken most often for another, with how many of its pictures; choose one to see them:")
    shown = short(view.classes)
    with st.container(horizontal=True, gap="small"):
        for row, column, number in pairs:
            support = view.scores.classes[row].support
            names = view.classes[row], view.classes[column]
            cut = shown[names[0]], shown[names[1]]
            st.button(
                f"{md(cut[0])} for {md(cut[1])}: {number} of {support:,}",
                key=f"pair-{row}-{column}",
                help=None if cut == names else f"{md(names[0])} for {md(names[1])}",
                on_click=set_params,
                kwargs={"cell": f"{row},{column}"},
            )
