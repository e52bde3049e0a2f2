"""A job that is waited for: what it does, how far it is, and the way to stop it."""

import streamlit as st

from app.context import graft, guarded
from app.parts.refusal import failed, refused
from app.parts.text import md
from core.errors import DiskFull
from core.services.exports import RunRecord
from core.types import RunState


def follow(run: RunRecord | None, *, every_s: float = 1) -> bool:
    """Whether the run has not ended: then its progress is shown until it has. Says why one failed."""
    if run is None:
        return False
    if run.state.ended:
        if run.state is RunState.FAILED:
            failed(run)
        return False
    known = run.id

    @st.fragment(run_every=every_s)
    @guarded
    def ticking() -> None:
        now = graft().queue.read(known)
        if now.state.ended:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            in_progress(now)

    ticking()
    return True


def in_progress(run: RunRecord) -> None:
    """What a run does and how far it is, and the button that stops it. Call it in a fragment."""
    no_room()
    message = str(run.progress.get("message") or "Waiting for its turn")
    st.progress(min(1.0, float(str(run.progress.get("fraction") or 0))), text=md(message))
    stop_button(run)


def no_room() -> None:
    """Says so where the disk is full: a run can then write down neither what it does nor its end."""
    if graft().serving.no_room:
        refused(DiskFull())


def stop_button(run: RunRecord) -> None:
    """The button that stops a run, or that it is being stopped. Call it in a fragment."""
    if run.cancel_requested:
        st.caption("Stopping…")
    elif st.button("Stop", icon=":material/stop:", key=f"stop-{run.id}"):
        graft().queue.cancel(run.id)
        st.rerun(scope="fragment")
