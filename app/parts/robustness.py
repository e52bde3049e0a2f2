"""The robustness card of a run: started here, followed here, drawn here."""

import streamlit as st

from app.context import graft
from app.parts.following import follow
from app.parts.text import count
from core.charts.robustness import robustness_figure
from core.services.robustness import RobustnessView
from core.types import RunId

HOW = """
**How.** The test pictures, as the network sees them, are shifted by one to five pixels
([Azulay & Weiss 2019](https://arxiv.org/abs/1805.12177)), turned, blurred, made noisy, compressed, brightened, darkened
and made coarser, at five strengths each ([Hendrycks & Dietterich 2019](https://arxiv.org/abs/1903.12261)). The line is
the share of right answers, the band its 95 % interval; at most 400 pictures, the same ones each time.
"""


def robustness(model: RunId) -> None:
    """The section."""
    last = graft().robustness.latest(model)
    if follow(last, graft().robustness.cancel):
        return
    view = graft().robustness.view(last) if last else None
    if view is None:
        st.markdown(
            "Does the answer stay the same when the picture is a pixel further left, a little darker, or blurred? "
            "The test tries it on the test pictures; it takes about as long as predicting 40 times as many."
        )
        if st.button("Test the robustness", icon=":material/science:", type="primary"):
            graft().robustness.start(model)
            st.rerun()
        return
    _show(view)


def _show(view: RobustnessView) -> None:
    title, step, there, calm = view.weakest
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"A shift by a single pixel changes **{view.flips:.1%}** of the answers. What hurts most of the middle "
            f"strengths is “{title.lower()}” ({step}): {there:.0f} % right instead of {calm:.0f} %.",
            width="stretch",
        )
        with st.popover("More", type="tertiary"):
            st.markdown(HOW)
    st.plotly_chart(robustness_figure(view.lines), config={"displayModeBar": False}, key="robustness")
    st.caption(f"Strength 0 is the picture as it is. {count(view.pictures, 'test picture')}. Share of changed answers:")
    rows = [
        {
            "": line.title,
            **{str(n): f"{view.changed[line.title][n]:.0%}" for n in range(1, 6)},
            "Strengths 1 to 5": f"{line.words[1]} to {line.words[5]}",
        }
        for line in view.lines
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
