"""A search as it stands: how far it is, what it tried, and what came out best."""

import streamlit as st

from app.context import graft
from app.links import page_link
from app.parts.following import stop_button
from app.parts.refusal import refused
from app.parts.run_status import how_far, not_done, until_ended
from app.parts.search_form import value_words
from app.parts.text import count, duration, md
from core.charts import search_figure, search_info
from core.errors import GraftError
from core.services.searching import SearchView, TrialView
from core.types import RunId, RunState
from core.words import plain_number

COLUMNS = {
    "learning_rate": "Learning rate",
    "tune": "What learns",
    "weight_decay": "Weight decay",
    "augmentation": "Variation",
    "backbone_factor": "Network's share",
    "label_smoothing": "Doubt",
    "mixup": "Blending",
    "imbalance": "Rare classes",
    "backbone": "Network",
}
"""A searched field -> its column's name."""
STATE_WORDS = {
    "running": "runs",
    "done": "done",
    "ended early": "ended early",
    "unfinished": "the time was over",
    "failed": "failed",
}
PLOT = {"displayModeBar": False}
HOW = (
    "The first trial is the recipe the search began from. Six are drawn by chance; then each where the trials so "
    "far were good (tree-structured Parzen estimator, Bergstra et al. 2011). A trial that is not among the better half "
    "after a quarter or a half of its epochs is ended early (asynchronous successive halving, Li et al. 2020). Only "
    "the validation pictures decide; the test pictures are not looked at. The best of many is flattered by luck: what "
    "it is worth, a training with it says, on the test pictures."
)


def search_status(run_id: RunId) -> None:
    """The search, drawn anew every two seconds until it has ended."""
    until_ended(run_id, lambda: _status(run_id), every_s=2)


def _status(run_id: RunId) -> None:
    view = graft().searches.read(run_id)
    if not view.run.state.ended:
        how_far(view.run)
        stop_button(view.run)
    elif view.run.state is RunState.DONE:
        _found(view)
    else:
        not_done(view.run, "What it has tried is kept.")
        _found(view)
    _trials(view)


def best_words(view: SearchView) -> str:
    """What came out best; "" before anything did."""
    best = view.best
    if best is None or best.score is None or view.start is None:
        return ""
    name = view.score_name[:1].lower() + view.score_name[1:] if view.score_name[1:2].isalpha() else view.score_name
    score = f"{name} {plain_number(best.score, 3)} on validation"
    so_far = "" if view.run.state is RunState.DONE else " so far"
    if best.number == 1:
        return f"Nothing tried{so_far} was better than the recipe it began from: {score}."
    return f"Trial {best.number} is best{so_far}: {score}, {plain_number(view.start, 3)} at the start."


def _found(view: SearchView) -> None:
    words = best_words(view)
    if not words:
        return
    with st.container(border=True):
        st.markdown(f"**{md(words)}**")
        st.caption(
            f"Judged on {count(view.validation, 'validation picture')}: with few of them, small differences are luck."
        )
        with st.form(f"save-{view.run.id}", border=False):
            left, right = st.columns([3, 1], vertical_alignment="bottom")
            wanted = left.text_input("Save this recipe as", placeholder="Leaves, best of March", max_chars=60)
            if right.form_submit_button("Save", icon=":material/save:", width="stretch"):
                _save(view, wanted)
        page_link("Train with a saved recipe", "train", icon=":material/model_training:")


def _save(view: SearchView, name: str) -> None:
    try:
        kept = graft().recipes.save_run(name, view.run.id)
    except GraftError as error:
        refused(error)
        return
    st.success(f"Saved. On the Train page it stands among the presets as {md(kept)}.", icon=":material/check:")


def _trials(view: SearchView) -> None:
    """Every trial: the chart, then the table, the newest first."""
    if not view.trials:
        return
    info = search_info([(item.number, item.score, item.state == "done") for item in view.trials])
    if len(info.numbers) > 1:
        st.plotly_chart(search_figure(info, view.score_name), config=PLOT, key=f"trials-{view.run.id}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{view.score_name} on the validation pictures; higher is better.")
        with st.popover("More", type="tertiary"):
            st.markdown(HOW)
    fields = list(dict.fromkeys(field for item in view.trials for field in item.values))
    st.dataframe([_row(view, item, fields) for item in reversed(view.trials)], hide_index=True, width="stretch")
    for item in view.trials:
        if item.note and item.state == "failed":
            st.caption(f"Trial {item.number}: {md(item.note)}")


def _row(view: SearchView, item: TrialView, fields: list[str]) -> dict[str, str]:
    mark = " ★" if view.best is not None and item.number == view.best.number else ""
    return {
        "Trial": f"{item.number}{mark}",
        view.score_name: "–" if item.score is None else plain_number(item.score, 3),
        "": STATE_WORDS.get(item.state, item.state),
        **{COLUMNS.get(field, field): value_words(field, item.values.get(field)) for field in fields},
        "Took": "–" if item.seconds is None else duration(item.seconds),
    }
