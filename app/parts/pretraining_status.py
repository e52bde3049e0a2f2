"""How a pretraining stands: live while it runs, and whether it shows that the network learns."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.context import graft
from app.links import page_link
from app.parts.run_status import log_of, not_done, notes_of, under_way, until_ended
from app.parts.text import duration, md
from core.catalogue import PRETRAININGS
from core.services.pretraining import RunRecord, SignsView, Verdict
from core.types import RunId, RunState

VERDICTS = {
    Verdict.EARLY: ("It is too early to say whether it learns.", ":material/hourglass:"),
    Verdict.LEARNS: ("It learns: the signs have risen since it began.", ":material/trending_up:"),
    Verdict.FLAT: (
        "Nothing shows yet that it learns what your classes need. That can come late; if it does not, more pictures or "
        "more time help.",
        ":material/trending_flat:",
    ),
    Verdict.COLLAPSED: (
        "All pictures look alike to the network: it has collapsed. Stop it, and choose another way under Details; "
        "Noise as targets cannot collapse.",
        ":material/warning:",
    ),
}
NEIGHBOURS_HELP = (
    "Each picture whose class is known is named by its five nearest others (cosine of the features, weighted by "
    "likeness); the share of right names, all classes counting alike. Labels are only looked at, not learnt from. "
    "Drawn pictures are named by how leaves are scattered in them. Weighted neighbours: [Wu et al. 2018](https://arxiv.org/abs/1805.01978)."
)
SPREAD_HELP = (
    "0: all pictures are one point to the network, it has collapsed; 1: they lie all around. Root of the summed "
    "variance of the features on the unit sphere."
)
RANK_HELP = (
    "In how many directions the features differ. More is richer; near 1 is a collapse. Effective rank, "
    "[Garrido et al. 2023](https://arxiv.org/abs/2210.02885)."
)


def pretraining_title(run: RunRecord) -> str:
    """How a pretraining is called: plain text, to be escaped where Markdown is read."""
    source = "drawn pictures" if run.project_id is None else "your pictures"
    method = PRETRAININGS[str(run.payload["method"])].title
    return f"Run {run.id} · {run.payload['backbone']} · {source} · {method}"


def pretraining_status(run_id: RunId) -> None:
    """The run, drawn anew every two seconds until it has ended."""
    until_ended(run_id, lambda: _status(run_id), every_s=2)


def _status(run_id: RunId) -> None:
    run = graft().training.read(run_id)
    st.subheader(md(pretraining_title(run)))
    if not run.state.ended:
        under_way(run)
    elif run.state is RunState.DONE:
        st.success(
            "The network is ready. Start a training, and choose this run under “What it knows already”.",
            icon=":material/check:",
        )
        page_link("Train from it", "train", icon=":material/model_training:", run=None)
    else:
        not_done(run)
    notes_of(run)
    if run.state is not RunState.QUEUED:
        _signs(graft().pretraining.signs(run.id))
    facts = [f"on {md(run.device)}"] if run.device else []
    if run.started_at and run.finished_at:
        facts.append(f"took {duration((run.finished_at - run.started_at).total_seconds())}")
    st.caption(" · ".join(facts))
    log_of(run)


def _signs(signs: SignsView) -> None:
    words, icon = VERDICTS[signs.verdict]
    (st.warning if signs.verdict is Verdict.COLLAPSED else st.info)(words, icon=icon)
    if not signs.spread:
        return
    one, two, three = st.columns(3)
    if signs.neighbours:
        first, last = signs.neighbours[0][1], signs.neighbours[-1][1]
        change = f"{100 * (last - first):+.0f} points" if len(signs.neighbours) > 1 else None
        _card(one, "Alike pictures share a class", f"{last:.0%}", NEIGHBOURS_HELP, change)
    else:
        _card(one, "Alike pictures share a class", "–", "Label a few pictures of two classes to see this.")
    _card(two, "Pictures lie apart", f"{signs.spread[-1][1]:.2f}", SPREAD_HELP)
    _card(three, "Directions in use", f"{signs.rank[-1][1]:.0f}", RANK_HELP)
    left, right = st.columns(2)
    shown, title = (
        (signs.neighbours, "Share of alike pictures of the same class (higher is better)")
        if signs.neighbours
        else (signs.rank, "Directions in use (higher is better)")
    )
    for column, points, words in ((left, shown, title), (right, signs.loss, "Loss (lower is better)")):
        if len(points) > 1:
            column.caption(words)
            column.line_chart(pd.DataFrame({"value": dict(points)}), height=220, x_label="step", y_label="")


def _card(place: DeltaGenerator, label: str, value: str, words: str, change: str | None = None) -> None:
    place.metric(label, value, change, help=words, border=True, height="stretch")
