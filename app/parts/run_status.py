"""How a training stands: live while it runs, its end, its curves and its log."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app.context import graft, guarded
from app.links import page_link
from app.parts.came_from import came_from
from app.parts.fold_scores import fold_scores
from app.parts.following import follow, no_room, stop_button
from app.parts.recipe_words import learns
from app.parts.refusal import failed
from app.parts.run_engine import how_computed
from app.parts.starts import start_words
from app.parts.text import count, duration, md
from core.services.training import RunRecord, kept_words
from core.types import RunId, RunState

SCORE_HELP = "Measured on the validation pictures, which the model does not learn from."


def run_status(run_id: RunId) -> None:
    """The run, drawn anew every second until it has ended."""
    until_ended(run_id, lambda: _status(run_id), every_s=1)


def until_ended(run_id: RunId, draw: Callable[[], None], *, every_s: float) -> None:
    """Draw a run, again and again until it has ended; when it begins or ends, with the whole page, which names it."""
    state = graft().training.read(run_id).state
    if state.ended:
        draw()
        return

    @st.fragment(run_every=every_s)
    @guarded
    def ticking() -> None:
        if graft().training.read(run_id).state is not state:
            st.rerun()
        draw()

    ticking()


def _status(run_id: RunId) -> None:
    run = graft().training.read(run_id)
    st.header(md(run.title))
    if run.state.ended:
        _ended(run)
    else:
        under_way(run)
    _facts(run)
    _curves(run)
    how_computed((run.result or {}).get("engine"))
    came_from(run)
    log_of(run)


def under_way(run: RunRecord) -> None:
    """A run that waits or runs: when it starts, or how far it is, what is left, and the button that stops it."""
    how_far(run)
    if run.state is not RunState.QUEUED:
        stop_button(run)


def how_far(run: RunRecord) -> None:
    """When a run that waits starts; of one that runs, what it does and what is left."""
    if run.state is RunState.QUEUED:
        ahead = graft().training.runs_ahead(run.id)
        before = f"after {count(ahead, 'other training')}" if ahead else "as soon as the worker is free"
        st.info(f"Waits its turn: it starts {before}.", icon=":material/hourglass:")
        return
    no_room()
    left = run.progress.get("eta_s")
    wait = f" · about {duration(float(str(left)))} left" if left is not None else ""
    text = str(run.progress.get("message") or "Starting")
    st.progress(min(1.0, float(str(run.progress.get("fraction") or 0))), text=md(text + wait))


def not_done(run: RunRecord, kept: str = "What it had learnt is kept.") -> None:
    """A run that failed or was stopped: why, what is `kept`, and the button that goes on, where that can help."""
    if run.state is RunState.FAILED:
        failed(run)
    elif run.started_at is None:
        st.info("It was stopped before it had begun.", icon=":material/stop:")
    else:
        st.info(f"It was stopped. {kept}", icon=":material/stop:")
    if run.lasting:
        st.caption("Going on would end in the same way: change what is said here, and start a new one.")
        return
    again = "Start it after all" if run.started_at is None else "Go on from where it stood"
    if st.button(again, icon=":material/resume:", key=f"resume-{run.id}"):
        graft().training.resume(run.id)
        st.rerun()


def followed(run: RunRecord, kept: str, *, every_s: float = 1) -> bool:
    """Whether the run has ended; until then its progress is shown, and of one that was not done what is `kept`."""
    if not run.state.ended:
        return not follow(run, every_s=every_s)
    if run.state is not RunState.DONE:
        not_done(run, kept)
    return True


def notes_of(run: RunRecord) -> None:
    """What the run had to say besides its result."""
    found = (run.result or run.progress).get("notes")
    for text in found if isinstance(found, list) else []:
        st.warning(md(str(text)), icon=":material/info:")


def log_of(run: RunRecord) -> None:
    """The end of the run's log, folded away."""
    log = graft().training.log(run.id)
    if log:
        with st.expander("Log", icon=":material/article:"):
            st.code(log, language=None, height=300)


def _ended(run: RunRecord) -> None:
    if run.state is RunState.DONE:
        st.success("The model is ready.", icon=":material/check:")
        page_link("See how good it is", "results", icon=":material/monitoring:", run=run.id)
    else:
        not_done(run)


def took(run: RunRecord) -> str:
    """How long it worked, over all its attempts; where that was not kept, from its first start to its end.

    "" for one that has not ended, or of which the clock does not tell. Between two attempts a machine may have been off
    for days.
    """
    if run.started_at is None or run.finished_at is None:
        return ""
    attempts = f" in {count(run.attempts, 'attempt')}" if run.attempts > 1 else ""
    if run.worked_s is not None:
        return f"took {duration(run.worked_s)}{attempts}"
    span = (run.finished_at - run.started_at).total_seconds()
    if span < 0:  # the clock was set back meanwhile
        return ""
    return f"{duration(span)} from its first start to its end,{attempts}" if attempts else f"took {duration(span)}"


def _facts(run: RunRecord) -> None:
    notes_of(run)
    recipe, facts = run.recipe or {}, []
    if run.device:
        facts.append(f"on {md(run.device)}")
    if words := took(run):
        facts.append(words)
    if run.result and run.result.get("best_epoch"):
        facts.append(f"best epoch {run.result['best_epoch']}")
    if weights := recipe.get("weights"):
        start = start_words(str(weights))
        kept = "" if run.parent_id is None else f": {md(kept_words((run.result or {}).get('head')))}"
        facts.append(f"{start}{kept}" if run.state is RunState.DONE else start)
    if tune := recipe.get("tune"):
        part = learns(str(tune))
        facts.append(f"what learns: {md(part[:1].lower() + part[1:])}")
    line = " · ".join(facts)
    st.caption(line[:1].upper() + line[1:])


def _curves(run: RunRecord) -> None:
    curves = graft().training.curves(run.id)
    if run.payload.get("folds"):
        fold_scores(run, [value for _, value in curves.get("fold/score", [])])
        return
    loss = {words: curves[name] for name, words in LOSS_WORDS.items() if name in curves}
    if max((len(points) for points in loss.values()), default=0) < 2:
        return  # one point is no curve
    left, right = st.columns(2)
    left.caption("Loss (lower is better)")
    left.line_chart(_table(loss), height=CHART_PX + LEGEND_PX, x_label="epoch")
    right.caption(f"{graft().training.score_name(run.id)} (higher is better)", help=SCORE_HELP)
    right.line_chart(_table({"validation": curves["validation/score"]}), height=CHART_PX, x_label="epoch")


CHART_PX, LEGEND_PX = 240, 58
LOSS_WORDS = {"train/loss": "training", "validation/loss": "validation"}


def _table(curves: dict[str, list[tuple[int, float]]]) -> pd.DataFrame:
    return pd.DataFrame({name: dict(points) for name, points in curves.items()})
