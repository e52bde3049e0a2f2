"""A job that runs: how far it is, and a button to stop it. When it ends, the page is drawn anew."""

import streamlit as st

from app.context import graft
from app.parts.text import duration, md
from core.services.exports import RunRecord
from core.types import RunState


def follow_job(run: RunRecord) -> None:
    """Show the job's progress every second."""

    @st.fragment(run_every=1)
    def ticking() -> None:
        now = graft().queue.read(run.id)
        if now.state.ended:
            st.rerun()
        left = now.progress.get("eta_s")
        wait = f" · about {duration(float(str(left)))} left" if left is not None else ""
        message = str(now.progress.get("message") or "Waiting for its turn")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(min(1.0, float(str(now.progress.get("fraction") or 0))), text=md(message + wait))
            if st.button("Stop", icon=":material/stop:", key=f"stop-{run.id}"):
                graft().queue.cancel(run.id)

    ticking()


def failed(run: RunRecord | None) -> None:
    """Why the newest job failed, if it did."""
    if run is not None and run.state is RunState.FAILED:
        st.error(f"{md(run.error)} {md(run.hint)}".strip(), icon=":material/error:")
