"""The sections of the compare page."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.parts import hows
from app.parts.behind import behind
from app.parts.figure_cards import HEADLINES
from app.parts.matrix import matrix
from app.parts.more import explained, heading
from app.parts.recipe_words import TITLES, shown
from app.parts.run_choice import run_name
from app.parts.text import count, md
from core.charts import whiskers_figure, whiskers_info
from core.services.projects import ProjectView
from core.services.results import FEWEST, FIGURES, Comparison, RunChoice
from core.types import Task


def verdicts(base: RunChoice, others: Sequence[RunChoice], found: Sequence[Comparison]) -> None:
    """Which is better, in words."""
    for run, comparison in zip(others, found, strict=True):
        with st.container(border=True, gap="xsmall"):
            explained(f"**Run {base.id} against run {run.id}**", HOW)
            for item in comparison.differences:
                tested = "" if item.p_value is None else f" McNemar's test: p = {item.p_value:.2g}."
                words = md(item.words(f"Run {run.id}", f"Run {base.id}"))
                st.markdown(f"{_MARKS[item.better]} {FIGURES[item.figure].title}: {words}{md(tested)}")
            if not comparison.differences:
                there, together = comparison.scores[0].units, comparison.together
                st.markdown(
                    f"Not enough to tell the runs apart: at least {FEWEST} {together} are needed, and there "
                    f"{'is' if there == 1 else 'are'} {there}."
                )


HOW = (
    "Both runs are scored on the same pictures, again and again with other weights per case, group or picture (paired "
    "Bayesian bootstrap, Rubin 1981); in brackets lies the middle 95% of the differences. If it holds 0, chance alone "
    "could make the difference. For accuracy McNemar's exact test (1947) looks at the pictures that only one of the "
    "two names rightly; a small p speaks for a real difference, and 0.05 is the limit here. Where the two differ in "
    "fewer than six pictures, cases or groups, none can be told. Comparing many runs makes one look better by luck "
    "sooner or later: look at a new set of pictures before relying on a close winner."
)
_MARKS = {1: ":material/trending_up:", -1: ":material/trending_down:", 0: ":material/drag_handle:"}


def table(project: ProjectView, base: RunChoice, others: Sequence[RunChoice], found: Sequence[Comparison]) -> None:
    """Scores with their intervals."""
    heading("Scores", hows.SCORES)
    st.caption(
        "Each run by itself; in brackets, and as whiskers, where a figure lies with 95% confidence. Which run is "
        "better the sentences above say, not whether whiskers overlap."
    )
    runs = [base, *others]
    scores = [found[0].scores[1], *(item.scores[0] for item in found)]
    unit = project.unit
    rows = []
    for run, score in zip(runs, scores, strict=True):
        row = {
            "Run": f"Run {run.id}",
            "Network": str(run.recipe.get("backbone", "")),
            "Preset": shown("preset", run.recipe.get("preset"), project.task),
        }
        for name, value in score.figures.items():
            figure = FIGURES[name]
            row[figure.title] = "–" if value is None else f"{figure.shown(value, unit)} ({figure.range(value)})"
        rows.append(row)
    named = {"Run": st.column_config.Column(pinned=True)}
    st.dataframe(rows, hide_index=True, width="stretch", column_config=named)
    headline = HEADLINES[project.task][0]
    info = whiskers_info(
        [f"Run {run.id}" for run in runs], {FIGURES[headline].title: [item.figures[headline] for item in scores]}
    )
    chart = whiskers_figure(info, percent=FIGURES[headline].kind == "share", title=FIGURES[headline].title)
    st.plotly_chart(chart, config={"displayModeBar": False}, key="scores")


def details(project: ProjectView, base: RunChoice, others: Sequence[RunChoice], found: Sequence[Comparison]) -> None:
    """What was taken for what more or less often, and how the recipes differ; for one other run at a time."""
    st.header("What changed")
    position = 0
    if len(others) > 1:
        choices = range(len(others))
        position = st.selectbox("Which run", choices, format_func=lambda item: run_name(others[item]), key="against")
    comparison = found[position]
    if comparison.cells:
        several = comparison.task is Task.MULTI
        better = "more found and less missed" if several else "more on the diagonal and less beside it"
        words = (
            f"Pictures in run {comparison.second}'s matrix minus those in run {comparison.first}'s: {better} is "
            "better. Choose a cell to see the pictures on which they differ."
        )
        explained(words, hows.DIFFERENCE, quiet=True)
        chosen = matrix(
            comparison.classes,
            comparison.columns,
            comparison.cells,
            key=f"difference-{comparison.first}-{comparison.second}-{comparison.split}",
            right="first" if several else "diagonal",
            words=("", "") if several else ("true ", "predicted "),
            signed=True,
        )
        if chosen is not None:
            _apart(project, comparison, chosen)
    st.markdown("**Recipes**")
    if not comparison.recipe:
        st.caption("Both runs used the same recipe.")
        return
    rows = [
        {
            "Choice": TITLES.get(name, name.replace("_", " ")),
            f"Run {comparison.first}": shown(name, one, comparison.task),
            f"Run {comparison.second}": shown(name, other, comparison.task),
        }
        for name, one, other in comparison.recipe
    ]
    # A table, because on a narrow screen its words wrap; its cells are Markdown.
    st.table([{title: md(text) for title, text in row.items()} for row in rows], hide_index=True)


def _apart(project: ProjectView, comparison: Comparison, cell: tuple[int, int]) -> None:
    """The pictures that one run put into a cell and the other did not."""
    name, said = md(comparison.classes[cell[0]]), md(comparison.columns[cell[1]])
    title = f"{name}: {said}" if comparison.task is Task.MULTI else f"{name}, said to be {said}"
    runs = (comparison.second, comparison.first)
    pictures = [graft().results.cell(run, comparison.split, *cell) for run in runs]
    for run, mine, others in zip(runs, pictures, reversed(pictures), strict=True):
        known = {item.image_id for item in others}
        only = [item for item in mine if item.image_id not in known]
        st.markdown(f"### {title} only by run {run} · {count(len(only), 'picture')}")
        if only:
            behind(project, run, only, key=f"apart-{run}-{comparison.split}-{cell}", truth=True)
