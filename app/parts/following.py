"""A job that is waited for: what it does, how far it is, and the way to stop it."""

from collections.abc import Callable

import streamlit as st

from app.context import graft
from app.parts.text import md
from core.services.exports import RunRecord
from core.types import RunId, RunState


def follow(run: RunRecord | None, cancel: Callable[[RunId], object]) -> bool:
    """Whether the run has not ended: then its progress is shown until it has. Says why one failed."""
    if run is None:
        return False
    if run.state.ended:
        if run.state is RunState.FAILED:
            st.error(f"{md(run.error)} {md(run.hint)}".strip(), icon=":material/error:")
        return False
    known = run.id

    @st.fragment(run_every=1)
    def ticking() -> None:
        now = graft().queue.read(known)
        if now.state.ended:
            st.rerun()
        message = str(now.progress.get("message") or "Waiting for its turn")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(float(str(now.progress.get("fraction") or 0)), text=md(message))
            if st.button("Stop", icon=":material/stop:"):
                cancel(known)

    ticking()
    return True
