"""Finding a good learning rate for a recipe: a button, the curve, and one click that takes the rate."""

import streamlit as st

from app.context import graft
from app.parts.following import follow
from app.parts.refusal import refused
from core.charts import rates_figure
from core.errors import GraftError
from core.recipes import Recipe
from core.services.rates import RatesView
from core.types import ProjectId, RunState

HELP = (
    "Begins as the training would, on the pictures to learn from, and lets the rate climb from far too small to "
    "far too large. A good rate is where the loss falls most steeply, well before it breaks out (Smith 2017)."
)
PLOT = {"displayModeBar": False}


def rate_test(project: ProjectId, recipe: Recipe, field: str) -> None:
    """Draws the button and what the last test of this form found; `field` is the key of the rate's widget."""
    key = f"rate-test-{field}"
    if st.button("Find a good learning rate", icon=":material/show_chart:", help=HELP, key=f"start-{key}"):
        try:
            graft().training.ensure_reach(recipe.weights, [recipe.backbone])
            st.session_state[key] = graft().rates.start(project, recipe)
        except GraftError as error:
            refused(error)
    run = st.session_state.get(key)
    if run is None:
        return
    if not follow(graft().queue.read(run)):
        _found(graft().rates.read(run), field)


def _found(view: RatesView, field: str) -> None:
    if not view.rates:
        if view.run.state is RunState.CANCELLED:
            st.caption("It was stopped before there was a curve.")
        return
    figure = rates_figure(view.rates, view.losses, view.smoothed, view.suggested)
    st.plotly_chart(figure, config=PLOT, key=f"rates-{view.run.id}")
    rate = view.suggested
    if rate is None:
        st.caption(
            "The loss only climbs here, or falls no further than chance moves it: the network knows this already, "
            "every rate is too large for it, or it takes longer than these few steps to learn. Leave the rate as it is."
        )
        return

    def take() -> None:
        st.session_state[field] = rate

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"A good learning rate is about **{rate:.2g}**.")
        st.button(f"Take {rate:.2g}", on_click=take, key=f"take-{view.run.id}")
