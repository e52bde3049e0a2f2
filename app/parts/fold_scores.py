"""How each fold of a cross-validation was judged, and what they say together."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.context import graft
from app.parts.text import count
from core.services.training import RunRecord

HOW = (
    "Each fold, or random split, learns from most of the pictures and is judged on the rest, unseen; what chooses its "
    "best epoch is apart from both. The folds share most of what they learn from, so that their plain interval would "
    "be too narrow: this one is corrected for that ([Nadeau & Bengio 2003](https://doi.org/10.1023/A:1024068626366)). "
    "The test pictures take no part; all folds together, as one model that averages their probabilities, look at them "
    "once."
)

WHOLE_GROUPS = (
    "Whole groups (fields, clinics, cameras) were left out: each is judged by what had learnt from other groups only, "
    "and the intervals of what was said out of fold count groups. The test pictures were kept aside by case, and may "
    "come from groups that the model knows."
)


def fold_names(run: RunRecord, judged: int) -> list[str]:
    """What the first `judged` parts are called: with several rounds, also which round each is of."""
    if run.payload.get("shuffle"):
        return [f"Split {number + 1}" for number in range(judged)]
    folds, repeats = int(str(run.payload["folds"])), int(str(run.payload.get("repeats") or 1))
    if repeats == 1:
        return [f"Fold {number + 1}" for number in range(judged)]
    return [f"Round {number // folds + 1}, fold {number % folds + 1}" for number in range(judged)]


def fold_scores(run: RunRecord, scores: Sequence[float]) -> None:
    """A bar for each fold that is done; in the end mean, spread and interval."""
    if not scores:
        return
    name = graft().training.score_name(run.id)
    kind = "random split" if run.payload.get("shuffle") else "fold"
    whole = run.payload.get("keep_together") == "group"
    unseen = "groups" if whole else "pictures"
    st.caption(f"{name} of each {kind}, on the {unseen} it had not seen (higher is better)")
    names = fold_names(run, len(scores))
    st.bar_chart(
        pd.DataFrame({"fold": names, name: scores}), x="fold", y=name, horizontal=True, sort=False,
        x_label="", y_label="", height=60 + 30 * len(scores),
    )  # fmt: skip
    summary = (run.result or {}).get("folds")
    if not isinstance(summary, dict):
        return
    interval = summary.get("interval")
    between = f" (95% interval {interval[0]:.2f} to {interval[1]:.2f})" if isinstance(interval, list) else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Mean {float(str(summary['mean'])):.2f}**{between}, spread {float(str(summary['spread'])):.2f} over "
            f"{count(len(scores), kind)}."
        )
        with st.popover("More", type="tertiary"):
            st.markdown(f"{HOW}\n\n{WHOLE_GROUPS}" if whole else HOW)
