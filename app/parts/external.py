"""Testing a model on another project's pictures, from the results page."""

import streamlit as st

from app.context import graft, guarded
from app.links import int_param, page_link, set_params
from app.parts.following import follow
from app.parts.refusal import refused
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
    _show_awaited(tests)
    done = {item.id: item for item in tests if item.state is RunState.DONE}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _choice(done) if done else None
        with st.popover("Test on other pictures", icon=":material/travel_explore:"):
            _start(run.id, tests)
    set_params(external=chosen)
    return done.get(chosen) if chosen else None


def _show_awaited(tests: list[ExternalView]) -> None:
    """Chooses the test that was begun from this address as soon as it is done; once, so that what is chosen stays."""
    awaited = int_param("awaited")
    test = next((test for test in tests if test.id == awaited), None)
    if test is None or test.state.ended:
        set_params(awaited=None)
    if test is not None and test.state is RunState.DONE:
        set_params(external=test.id)


def _choice(done: dict[RunId, ExternalView]) -> RunId | None:
    wanted = int_param("external")
    options: list[RunId | None] = [None, *done]
    index = options.index(RunId(wanted)) if wanted in done else 0
    chosen = st.selectbox(
        "Pictures of", options, index=index, width=320,
        format_func=lambda item: "This project" if item is None else done[item].project,
    )  # fmt: skip
    if chosen != options[index]:
        set_params(awaited=None)  # who looks at other pictures meanwhile goes on looking at them
    return chosen


def _start(model: RunId, tests: list[ExternalView]) -> None:
    st.markdown(HOW)
    fitting = graft().external.fitting(model)
    if fitting:
        project = st.selectbox("Project", list(fitting), format_func=fitting.__getitem__, key="external-project")
        if st.button("Test on it", type="primary", key="external-start"):
            try:
                set_params(awaited=graft().external.start(model, project))
            except GraftError as error:
                refused(error)
                return
            tests = graft().external.list(model)
    else:
        st.caption(
            "There is no other project with the same kind of labels and a class of the same name. Make one, bring the "
            "pictures in with their labels, and come back; or name a folder of them."
        )
    with st.expander("From a folder of the computer that Graft runs on", icon=":material/dns:"):
        _folder(model)
    if _brought(model):
        tests = graft().external.list(model)
    for test in tests:
        if test.state is RunState.FAILED:
            st.error(f"{md(test.project)}: {md(test.error)}", icon=":material/error:")
    if int_param("awaited") is not None or any(not test.state.ended for test in tests):
        _waiting(model)


def _folder(model: RunId) -> None:
    """A folder of classes, by its path: it becomes a project of its own, and the model is tested on it."""
    with st.form("external-folder", border=False):
        path = st.text_input(
            "Folder", placeholder="/data/field two",
            help="Its sub-folders are named like the model's classes, or a table among its files gives the labels.",
        )  # fmt: skip
        case = st.text_input("Column with the case", help="In a table among the files: the plant, patient or animal.")
        group = st.text_input("Column with the group", help="In a table among the files: the field, clinic or camera.")
        if not st.form_submit_button("Bring in and test") or not path.strip():
            return
    try:
        brought = graft().external.bring_folder(
            model, path.strip(), case_column=case.strip(), group_column=group.strip()
        )
    except GraftError as error:
        refused(error)
        return
    set_params(brought=brought, tested=model)


def _brought(model: RunId) -> bool:
    """Follows the import in the address; whether a test on its pictures has begun. What did not come in is told."""
    run = int_param("brought")
    if run is None or int_param("tested") != model:
        return False
    try:
        report = graft().imports.report(RunId(run))
        if not report.run.state.ended:
            follow(report.run)
            return False
        known = {test.id for test in graft().external.list(model)}
        test = graft().external.tested_on(model, report.run.id)
    except GraftError as error:
        refused(error)
        set_params(brought=None, tested=None)  # said once: what is tried again gets another number
        return False
    if test not in known:
        set_params(awaited=test)
    if report.rejected:
        st.caption(f"{count(report.rejected, 'line')} on what did not come in or is without a label.")
        page_link("Look at them", "images", icon=":material/list:", project=report.run.project_id, run=report.run.id)
    return True


@st.fragment(run_every=1)
@guarded
def _waiting(model: RunId) -> None:
    going = [test.id for test in graft().external.list(model) if not test.state.ended]
    if not going or int_param("awaited") not in (None, *going):
        st.rerun()
    st.caption(f"Testing on {count(len(going), 'project')}: it takes a moment.")
