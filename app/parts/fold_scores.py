"""How each fold of a cross-validation was judged, and what they say together."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.context import graft
from core.services.results import fold_heading, fold_names, folds_how, folds_sentence
from core.services.training import RunRecord
from core.types import RunId

MOST_PX = 900
"""However many folds there are."""


def fold_scores(run: RunRecord, scores: Sequence[float]) -> None:
    """A bar for each fold that is done; in the end mean, spread and interval."""
    if not scores:
        return
    name, shuffle = graft().training.score_name(run.id), bool(run.payload.get("shuffle"))
    st.caption(f"{fold_heading(run.payload, name)} (higher is better)")
    folds, repeats = int(str(run.payload["folds"])), int(str(run.payload.get("repeats") or 1))
    names = fold_names(folds, repeats, len(scores), shuffle=shuffle)
    st.bar_chart(
        pd.DataFrame({"fold": names, name: scores}), x="fold", y=name, horizontal=True, sort=False,
        x_label="", y_label="", height=60 + min(30 * len(scores), MOST_PX),
    )  # fmt: skip
    summary = (run.result or {}).get("folds")
    if not isinstance(summary, dict):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{folds_sentence(summary)}**")
        with st.popover("More", type="tertiary"):
            st.markdown("\n\n".join(folds_how(summary)))


def kept_fold_scores(run_id: RunId) -> None:
    """The same of a cross-validation that is done."""
    run = graft().training.read(run_id)
    summary = (run.result or {}).get("folds")
    scores = summary.get("scores") if isinstance(summary, dict) else None
    fold_scores(run, [float(str(score)) for score in scores] if isinstance(scores, list) else [])
