"""How a pretraining stands: live while it runs, and whether it shows that the network learns."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.context import graft
from app.links import page_link
from app.parts.run_status import log_of, not_done, notes_of, took, under_way, until_ended
from app.parts.text import md
from core.catalogue import PRETRAININGS
from core.services.pretraining import RunRecord, SignsView, Verdict
from core.types import RunId, RunState, Task

VERDICTS = {
    Verdict.EARLY: (
        "It is too early to say whether it learns.",
        "It ended before anything could show whether it learnt.",
        ":material/hourglass:",
    ),
    Verdict.LEARNS: (
        "It learns: alike pictures share a class more often than when it began, and clearly so.",
        "It learnt: alike pictures shared a class more often at its end than when it began, and clearly so.",
        ":material/trending_up:",
    ),
    Verdict.FLAT: (
        "No clear change yet: nothing shows that it learns what your classes need. That can come late; if it does not, "
        "more pictures or more time may help.",
        "No clear change: nothing showed that it learnt what your classes need. More pictures or more time may help; "
        "compare trainings from it with trainings from other starts.",
        ":material/trending_flat:",
    ),
    Verdict.COLLAPSED: (
        "All pictures look alike to the network: it has collapsed. Stop it, and choose another way under Details; "
        "Noise as targets cannot collapse.",
        "All pictures look alike to the network: it collapsed, and is of no use. Start another one, and choose another "
        "way under Details; Noise as targets cannot collapse.",
        ":material/warning:",
    ),
}
"""Verdict -> what it says while the network learns, what it says afterwards, and an icon."""
UNLABELLED = VERDICTS | {
    Verdict.LEARNS: (
        "It gets better at what it is asked: its loss has clearly fallen. Whether that helps to tell classes apart "
        "will show in a training that starts from it.",
        "It got better at what it was asked: its loss clearly fell. Whether that helps to tell classes apart will show "
        "in a training that starts from it.",
        ":material/trending_up:",
    ),
    Verdict.FLAT: (
        "No clear change yet: its loss has hardly fallen. If it stays so, more time may help.",
        "No clear change: its loss hardly fell. More pictures or more time may help.",
        ":material/trending_flat:",
    ),
}
"""The same where no labels tell, but the loss alone."""
DRAWN = UNLABELLED | {
    Verdict.LEARNS: (
        "It learns: alike pictures are more often of one kind than when it began, and clearly so.",
        "It learnt: alike pictures were more often of one kind at its end than when it began, and clearly so.",
        ":material/trending_up:",
    ),
    Verdict.FLAT: (
        "No clear change yet: alike pictures are not clearly more often of one kind than when it began. More time may "
        "help.",
        "No clear change: alike pictures were not clearly more often of one kind than when it began. More time may "
        "help.",
        ":material/trending_flat:",
    ),
}
"""The same of drawn pictures, whose kind is how leaves are scattered in them."""
NEIGHBOURS_HELP = (
    "Each picture whose class is known is named by its five nearest others (cosine of the features, weighted by "
    "likeness); the share of right names, all classes counting alike. Labels are only looked at, not learnt from. "
    "Drawn pictures are named by how leaves are scattered in them. Weighted neighbours: [Wu et al. 2018](https://arxiv.org/abs/1805.01978)."
)
SPREAD_HELP = (
    "Root of the summed variance of the features on the unit sphere: 0 when all pictures are one point, 1 when they "
    "lie all around."
)
RANK_HELP = (
    "In how many directions the features differ: their effective rank, "
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
    st.header(md(pretraining_title(run)))
    if not run.state.ended:
        under_way(run)
    elif run.state is RunState.DONE:
        st.success(
            "The network is ready. A training can start from it: that is a choice under “What it knows already”.",
            icon=":material/check:",
        )
        page_link("Train from it", "train", icon=":material/model_training:", run=None, start=run.id)
    else:
        not_done(run, "What it had learnt is kept. A training can start from it once it has come to its end.")
    notes_of(run)
    if run.state is not RunState.QUEUED:
        _signs(graft().pretraining.signs(run.id), run)
    facts = [f"on {md(run.device)}"] if run.device else []
    if words := took(run):
        facts.append(words)
    st.caption(" · ".join(facts))
    log_of(run)


def _signs(signs: SignsView, run: RunRecord) -> None:
    ended, drawn = run.state.ended, run.project_id is None
    if ended and not signs.spread:
        return
    told = UNLABELLED if not signs.neighbours else DRAWN if drawn else VERDICTS
    now, afterwards, icon = told[signs.verdict]
    (st.warning if signs.verdict is Verdict.COLLAPSED else st.info)(afterwards if ended else now, icon=icon)
    if not signs.spread:
        return
    one, two, three = st.columns(3)
    kind, title = ("kind", "Alike and of one kind") if drawn else ("class", "Alike and of one class")
    if signs.neighbours:
        first, last = (f"{100 * value:.0f}" for value in (signs.neighbours[0][1], signs.neighbours[-1][1]))
        which = f"drawn pictures, {last} are of the kind" if drawn else f"labelled pictures, {last} have the class"
        since = f" When it began: {first}." if len(signs.neighbours) > 1 else ""
        _card(one, title, f"{last}%", f"Of 100 {which} of those they look most alike to.{since}", NEIGHBOURS_HELP)
    else:
        _card(one, title, "–", _unseen(run), "")
    spread, rank = signs.spread[-1][1], signs.rank[-1][1]
    apart = "1: each picture looks different to the network. 0: all look the same, it has collapsed."
    _card(two, "Pictures lie apart", f"{spread:.2f}", apart, SPREAD_HELP)
    kinds = f"It tells pictures apart by about {rank:.0f} kinds of differences. More is richer; near 1 is a collapse."
    _card(three, "Differences it sees", f"{rank:.0f}", kinds, RANK_HELP)
    left, right = st.columns(2)
    shown, title = (
        (signs.neighbours, f"Share of alike pictures of the same {kind} (higher is better)")
        if signs.neighbours
        else (signs.rank, "Differences it sees (higher is better)")
    )
    for column, points, words in ((left, shown, title), (right, signs.loss, "Loss (lower is better)")):
        if len(points) > 1:
            column.caption(words)
            column.line_chart(pd.DataFrame({"value": dict(points)}), height=220, x_label="step", y_label="")


def _unseen(run: RunRecord) -> str:
    """Why nothing can be told of classes."""
    if run.project_id is not None and graft().projects.read(run.project_id).task is Task.REGRESSION:
        return "Labels that are numbers name no classes to look for."
    return "Label a few pictures of two classes to see this."


def _card(place: DeltaGenerator, label: str, value: str, words: str, how: str) -> None:
    with place.container(border=True, gap="xxsmall", height="stretch"):
        st.metric(label, value, help=how or None)
        st.caption(words)
