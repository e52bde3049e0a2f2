"""The sections of the results page."""

import json

import streamlit as st

from app.context import graft
from app.parts import hows
from app.parts.behind import behind
from app.parts.columns import name_column
from app.parts.confused import chosen_order, most_confused
from app.parts.figure_cards import figure_cards, figure_rows
from app.parts.matrix import matrix
from app.parts.more import explained
from app.parts.text import count, md
from core.charts import (
    reliability_figure,
    reliability_info,
    scatter_figure,
    scatter_info,
    whiskers_figure,
    whiskers_info,
)
from core.services.projects import ProjectView
from core.services.results import FIGURES, Interval, ResultsView
from core.types import Split, Task

PLOT = {"displayModeBar": False}
INTERVAL_PX = 140
"""Room for a figure with its interval, or the longest heading."""


def confusions(project: ProjectView, view: ResultsView) -> None:
    """What was taken for what; a chosen cell opens its pictures."""
    several = view.task is Task.MULTI
    words = (
        "Each row is a class: found, missed, or said without being there. Choose a cell to see its pictures."
        if several
        else "Each row is what the pictures are, each column what the model said. Choose a cell to see its pictures."
    )
    explained(words, hows.OUTCOMES if several else hows.MATRIX, quiet=True)
    chosen = matrix(
        view.classes,
        view.columns,
        view.scores.cells,
        key=f"matrix-{view.run_id}-{view.split}",
        right="first" if several else "diagonal",
        words=("", "") if several else ("true ", "predicted "),
        bases=[item.support for item in view.scores.classes],
        order=chosen_order(view),
    )
    most_confused(view)
    if chosen is None:
        return
    row, column = chosen
    found = graft().results.cell(view.run_id, view.split, row, column)
    name, said = md(view.classes[row]), md(view.columns[column])
    title = f"{name}: {said}" if several else f"{name}, named rightly" if row == column else f"{name}, taken for {said}"
    st.markdown(f"## :small[{title} · {count(len(found), 'picture')}]")
    if not found:
        st.caption("No picture here.")
        return
    st.caption("The most confident first. Is a label wrong? Choose the picture and give it the right one.")
    behind(project, view.run_id, found, key=f"cell-{view.run_id}-{view.split}-{row}-{column}", truth=several)


def mistakes(project: ProjectView, view: ResultsView) -> None:
    """What went most wrong."""
    numbers = view.task is Task.REGRESSION
    words = (
        "The pictures whose number is farthest off."
        if numbers
        else "Wrong, and sure of it: the first place to look for wrong labels, odd pictures and classes too alike."
    )
    explained(words, hows.MISTAKES, quiet=True)
    found = graft().results.mistakes(view.run_id, view.split)
    if not found:
        st.success(f"No mistake among {count(view.scores.count, 'picture')}.", icon=":material/check:")
        return
    behind(project, view.run_id, found, key=f"mistakes-{view.run_id}-{view.split}", truth=True)


def classes(view: ResultsView) -> None:
    """Class by class."""
    scores = view.scores.classes
    found, right = "Found, of all there are (recall)", "Right, when said (precision)"
    info = whiskers_info(
        view.classes, {found: [item.recall for item in scores], right: [item.precision for item in scores]}
    )
    words = (
        "What is found of each class, and how often it is right when it says so. The whiskers show where each figure "
        "lies with 95% confidence: the fewer pictures, the wider."
    )
    explained(words, hows.CLASSES, quiet=True)
    st.plotly_chart(whiskers_figure(info), config=PLOT, key="classes")
    rows = [
        {
            "Class": name,
            "Pictures": item.support,
            "Found (recall)": _share(item.recall),
            "Right (precision)": _share(item.precision),
            "Others left alone": _share(item.specificity),
            "F1": _index(item.f1),
            "AUROC": _index(item.auroc),
            "Avg. precision": _index(item.average_precision),
        }
        for name, item in zip(view.classes, scores, strict=True)
    ]
    # Widths, for a column is made as wide as its first lines are, and these may be dashes.
    wide = {name: st.column_config.Column(width=INTERVAL_PX) for name in rows[0] if name not in ("Class", "Pictures")}
    named = {"Class": name_column(view.classes), **wide}
    st.dataframe(rows, hide_index=True, width="stretch", column_config=named)
    st.caption(
        "In brackets the 95% interval. A dash: no picture, or too few, to tell. Others left alone (specificity): of "
        "all pictures without the class, how many it is not said of."
    )


def _share(value: Interval | None) -> str:
    return "–" if value is None else f"{value.value:.0%} ({100 * value.low:.0f} to {100 * value.high:.0f})"


def _index(value: Interval | None) -> str:
    return "–" if value is None else f"{value.value:.2f} ({value.low:.2f} to {value.high:.2f})"


def sureness(view: ResultsView) -> None:
    """Whether it is as sure as it is right."""
    if not view.scores.reliability:
        st.info("This run kept no probabilities, so that nothing can be said about how sure it is.")
        return
    words = "On the dotted line it is as often right as it says. Below it, it is too sure of itself; above, too modest."
    explained(words, hows.RELIABILITY, quiet=True)
    st.plotly_chart(reliability_figure(reliability_info(view.scores.reliability)), config=PLOT, key="reliability")
    figure_cards(view, ("ece", "brier"))


def scatter(project: ProjectView, view: ResultsView) -> None:
    """Numbers said against true ones; a chosen point opens its picture."""
    points = graft().results.points(view.run_id, view.split)
    info = scatter_info([(item.truth_number or 0.0, item.said_number or 0.0, item.name) for item in points], view.unit)
    words = (
        "On the dotted line, what it says is what it is. Choose points, or draw a box around some, to see the pictures."
    )
    explained(words, hows.SCATTER, quiet=True)
    event = st.plotly_chart(scatter_figure(info), config=PLOT, key="scatter", on_select="rerun")
    chosen = [points[int(point["point_index"])] for point in event["selection"]["points"] if point["curve_number"] == 0]
    if chosen:
        behind(project, view.run_id, chosen, key=f"points-{view.run_id}-{view.split}", truth=True)


def everything(view: ResultsView) -> None:
    """All figures, and what they rest on."""
    # A table, because its sentences wrap; its cells are Markdown.
    st.table([{name: md(text) for name, text in row.items()} for row in figure_rows(view)], hide_index=True)
    with st.expander("How each is computed, and after whom", icon=":material/calculate:"):
        st.markdown("\n\n".join(f"**{FIGURES[name].title}.** {md(FIGURES[name].how)}" for name in view.scores.figures))
    sizes = ", ".join(f"{view.sizes[split]:,} {split.value}" for split in Split)
    st.markdown(
        f"**What they rest on.** Run {view.run_id}, dataset version {view.version} "
        f"(content {view.version_hash[:12]}), {sizes} pictures. Splits: {md(view.split_rule)}. "
        f"Intervals count {count(view.scores.units, view.together.removesuffix('s'))} as independent."
    )
    _download(view)


def _download(view: ResultsView) -> None:
    st.download_button(
        "Download as JSON",
        json.dumps(graft().results.to_json(view.run_id, confusion=view.split), indent=1),
        file_name=f"results-run-{view.run_id}.json",
        mime="application/json",
        icon=":material/download:",
    )
