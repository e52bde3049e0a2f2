"""How good a model is, and the images behind each number."""

import pandas as pd
import streamlit as st

from app.context import graft
from app.links import current_project, int_param, page_link, set_params
from app.parts.states import empty_state
from app.parts.text import count, md
from core.services.results import Interval, ResultsView
from core.types import RunId, RunState, Split

SPLITS = {
    Split.TEST: "Test: kept for the end",
    Split.VALIDATION: "Validation: chose the model",
    Split.TRAIN: "Training: learnt from",
}
SHOWN = 24


def render() -> None:
    """The page."""
    project = current_project()
    st.title("Results")
    runs = [run.id for run in graft().training.list(project.id) if run.state is RunState.DONE]
    if not runs:
        empty_state("No finished training yet", "Train a model first.", link="Train", page="train")
        return
    left, right = st.columns(2)
    wanted = int_param("run")
    run = left.selectbox(
        "Run", runs, index=runs.index(RunId(wanted)) if wanted in runs else 0, format_func=lambda item: f"Run {item}"
    )
    split = right.selectbox("On which pictures", list(SPLITS), format_func=SPLITS.__getitem__)
    set_params(run=run)
    view = graft().results.read(RunId(run), split)
    headline(view)
    matrix(view)
    per_class(view)


def shown(value: Interval | None) -> str:
    """A share with its interval, in percent."""
    return "–" if value is None else f"{value.value:.0%} ({value.low:.0%} to {value.high:.0%})"


def headline(view: ResultsView) -> None:
    """The few numbers that matter."""
    scores = view.scores
    first, second, third = st.columns(3)
    first.metric("Accuracy", f"{scores.accuracy.value:.0%}", border=True)
    second.metric("Balanced accuracy", f"{scores.balanced_accuracy:.0%}", border=True)
    third.metric("Macro F1", f"{scores.macro_f1:.2f}", border=True)
    st.caption(
        f"Of {count(scores.count, 'picture')}, {shown(scores.accuracy)} were named rightly (95 % interval). "
        f"Run {view.run_id}, dataset version {view.version}, {view.split.value}. Splits: {md(view.split_rule)}."
    )


def matrix(view: ResultsView) -> None:
    """The confusion matrix; a click on a cell opens the images behind it."""
    st.subheader("What was taken for what")
    st.caption("Rows: what it is. Columns: what the model said. Choose a cell to see its pictures.")
    names = list(view.classes)
    table = pd.DataFrame(view.scores.confusion, index=names, columns=names)
    event = st.dataframe(table, on_select="rerun", selection_mode="single-cell", key=f"matrix-{view.run_id}")
    cells = event["selection"]["cells"]
    if cells and cells[0][1] in names:
        truth, predicted = int(cells[0][0]), names.index(cells[0][1])
        images(view, truth, predicted)


def images(view: ResultsView, truth: int, predicted: int) -> None:
    """The pictures of one cell."""
    found = graft().results.cell(view.run_id, view.split, truth, predicted)
    said = f"{md(view.classes[truth])}, taken for {md(view.classes[predicted])}"
    st.markdown(f"**{said}: {count(len(found), 'picture')}**")
    if found:
        store = graft().gallery.store
        st.image(
            [str(store.thumb(item.blob)) for item in found[:SHOWN]],
            caption=[f"{item.confidence or 0:.0%} sure" for item in found[:SHOWN]],
            width=160,
        )
    page_link("Mend labels", "label", icon=":material/sell:")


def per_class(view: ResultsView) -> None:
    """One line per class."""
    st.subheader("Class by class")
    rows = [
        {
            "Class": name,
            "Found, of all that are (recall)": shown(score.recall),
            "Right, when said (precision)": shown(score.precision),
            "F1": round(score.f1, 2),
            "Pictures": score.support,
        }
        for name, score in zip(view.classes, view.scores.classes, strict=True)
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
