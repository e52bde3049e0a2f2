"""Which run a page is about: what an address asks for, or another one, and then it says so."""

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from core.graft import Graft
from core.store.db import writing
from core.store.tables import RunRow
from core.types import RunState, Task
from tests.finished import make_images, make_run, make_version


def choosing(home: str, project: int, chooser: str) -> None:
    """A page's choice: runs on its own, so that it imports what it needs."""
    import os

    os.environ["GRAFT_HOME"] = home
    import streamlit as st

    from app.context import graft
    from app.parts import run_choice
    from core.types import ProjectId

    runs = graft().training.list(ProjectId(project))
    if chooser == "choose_run":
        shown = run_choice.choose_run(graft().results.finished(ProjectId(project))).id
    elif chooser == "choose_model":
        shown = run_choice.choose_model(runs)
    else:
        shown = run_choice.choose_listed("Run", runs, lambda run: run.title)
    st.text(str(shown))


@pytest.mark.parametrize("chooser", ["choose_run", "choose_model", "choose_listed"])
def test_an_address_of_a_run_that_cannot_be_shown_is_not_answered_by_another_in_silence(
    graft: Graft, chooser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    project = graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust"])
    version = make_version(graft, project, make_images(graft, project, 4), [[0], [1], [0], [1]])
    older, newer = (make_run(graft, version, project, []) for _ in range(2))
    kwargs = {"home": str(graft.settings.home), "project": project, "chooser": chooser}
    for asked, shown, told in (
        (older, older, []),
        (999, newer, [f"Run 999 cannot be shown here. This is run {newer}."]),
    ):
        page = AppTest.from_function(choosing, default_timeout=60, kwargs=kwargs)
        page.query_params["run"] = str(asked)
        page.run()
        assert not page.exception and page.text[0].value == str(shown)
        assert [item.value for item in page.info] == told
    alone = AppTest.from_function(choosing, default_timeout=60, kwargs=kwargs).run()
    assert not alone.info, "nothing was asked for"


def test_an_address_of_a_training_that_still_runs_is_told_where_to_follow_it(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    project = graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust"])
    version = make_version(graft, project, make_images(graft, project, 4), [[0], [1], [0], [1]])
    done, running = (make_run(graft, version, project, []) for _ in range(2))
    with writing(graft.engine) as session:
        session.execute(update(RunRow).where(RunRow.id == running).values(state=RunState.RUNNING, finished_at=None))
    kwargs = {"home": str(graft.settings.home), "project": project, "chooser": "choose_run"}
    page = AppTest.from_function(choosing, default_timeout=60, kwargs=kwargs)
    page.query_params["run"] = str(running)
    page.run()
    assert [item.value for item in page.info] == [
        f"Run {running} is not done yet: page Train shows how far it is. This is run {done}."
    ]
