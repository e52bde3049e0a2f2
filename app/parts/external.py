"""Testing a model on another project's pictures, from the results page."""

import streamlit as st

from app.context import graft
from app.links import int_param, set_params
from app.parts.text import count, md
from core.errors import GraftError
from core.services.external import ExternalView
from core.services.results import RunChoice
from core.types import RunId, RunState

HOW = (
    "The test split comes from the same project as what the model learnt from: the same fields, the same camera. "
    "Pictures from elsewhere say how well it travels. They take no part in training, and are scored apart."
)


def choose_external(run: RunChoice) -> ExternalView | None:
    """The external test in the address or chosen here, or None for the model's own pictures."""
    tests = graft().external.list(run.id)
    done = {item.id: item for item in tests if item.state is RunState.DONE}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _choice(done) if done else None
        with st.popover("Test on other pictures", icon=":material/travel_explore:"):
            _start(run.id, tests)
    set_params(external=chosen)
    return done.get(chosen) if chosen else None


def _choice(done: dict[RunId, ExternalView]) -> RunId | None:
    wanted = int_param("external")
    options: list[RunId | None] = [None, *done]
    index = options.index(RunId(wanted)) if wanted in done else 0
    return st.selectbox(
        "Pictures of", options, index=index, width=320,
        format_func=lambda item: "This project" if item is None else done[item].project,
    )  # fmt: skip


def _start(model: RunId, tests: list[ExternalView]) -> None:
    st.markdown(HOW)
    fitting = graft().external.fitting(model)
    if not fitting:
        st.caption(
            "There is no other project with the same kind of labels and a class of the same name. Make one, bring the "
            "pictures in with their labels, and come back."
        )
        return
    project = st.selectbox("Project", list(fitting), format_func=fitting.__getitem__, key="external-project")
    if st.button("Test on it", type="primary", key="external-start"):
        try:
            graft().external.start(model, project)
        except GraftError as error:
            st.error(f"{md(error.message)} {md(error.hint)}".strip(), icon=":material/error:")
            return
        tests = graft().external.list(model)
    for test in tests:
        if test.state is RunState.FAILED:
            st.error(f"{md(test.project)}: {md(test.error)}", icon=":material/error:")
    if any(not test.state.ended for test in tests):
        _waiting(model)


@st.fragment(run_every=1)
def _waiting(model: RunId) -> None:
    going = [test for test in graft().external.list(model) if not test.state.ended]
    if not going:
        st.rerun()
    st.caption(f"Testing on {count(len(going), 'project')}: it takes a moment.")
