"""Figures as cards: the value, its interval, what it means in one sentence, and how it is computed."""

from collections.abc import Sequence

import streamlit as st

from app.parts.more import large
from core.services.results import FIGURES, Interval, ResultsView
from core.types import Task

HEADLINES = {
    Task.SINGLE: ("accuracy", "balanced_accuracy", "macro_f1"),
    Task.ORDINAL: ("accuracy", "quadratic_kappa", "grades_off"),
    Task.MULTI: ("mean_ap", "macro_f1", "exact_match"),
    Task.REGRESSION: ("mae", "rmse", "r2"),
}
"""The figures that come first."""
FEWEST = 3
"""Cards for which there is room in a row."""


def figure_cards(view: ResultsView, names: Sequence[str]) -> None:
    """One card per figure, side by side; below each other only on a phone."""
    for column, name in zip(st.columns(max(len(names), FEWEST), gap="small"), names, strict=False):
        with column.container(border=True, gap="xxsmall", height="stretch"):
            _card(view, name)


def _card(view: ResultsView, name: str) -> None:
    figure, interval = FIGURES[name], view.scores.figures.get(name)
    st.markdown(f"**{figure.title}**")
    # Beside the value, not the title: a title that wraps would move its figure below those of the other cards.
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        large("–" if interval is None else figure.shown(interval, view.unit))
        with st.popover("More", type="tertiary"):
            st.markdown(f"**{figure.title}.** {figure.how}")
            st.caption(f"Needs {figure.least}. {'Higher' if figure.higher else 'Lower'} is better.")
    if interval is None:
        st.caption(f"Not enough to tell: it needs {figure.least}.{counted(view)}")
        return
    st.caption(f"{figure.range(interval, view.unit)} (95% interval)")
    st.markdown(figure.sentence(interval, view.unit))


def counted(view: ResultsView) -> str:
    """A word on what counts as one, where that is not a picture."""
    if view.together == "pictures":
        return ""
    return f" Pictures of one {view.together.removesuffix('s')} count once: here {view.scores.units}."


def figure_rows(view: ResultsView) -> list[dict[str, str]]:
    """Every figure as a table row."""
    return [
        {
            "Figure": FIGURES[name].title,
            "Value": "–" if found is None else FIGURES[name].shown(found, view.unit),
            "95% interval": _interval(name, found, view.unit),
            "What it means": f"Needs {FIGURES[name].least}.{counted(view)}"
            if found is None
            else FIGURES[name].sentence(found, view.unit),
        }
        for name, found in view.scores.figures.items()
    ]


def _interval(name: str, found: Interval | None, unit: str) -> str:
    return "" if found is None else FIGURES[name].range(found, unit)
