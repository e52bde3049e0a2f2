"""What must not grow with how much there is: rows kept in memory, queries, and cards on a page."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from streamlit.testing.v1 import AppTest

from core.graft import Graft
from core.store import predictions, versions
from core.store.db import reading
from core.types import Task
from tests.integration.test_results import Leaves


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_pictures_of_a_version_and_what_was_said_of_them_are_read_as_columns_and_not_as_rows(graft: Graft) -> None:
    leaves = Leaves(graft)
    run = leaves.run([0, 1, 0, 1, 1, 1])
    loaded: list[object] = []
    with reading(graft.engine) as session:
        event.listen(session, "loaded_as_persistent", lambda _, row: loaded.append(row))
        assert len(versions.read_version(session, leaves.version).items) == 6
        assert len(predictions.read_predictions(session, run)) == 6
    assert [type(row).__name__ for row in loaded] == ["VersionRow"], "of 100,000 pictures rows take half a minute"


def test_what_moved_on_since_a_training_takes_as_many_queries_of_many_pictures_as_of_few(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.current.CHUNK", 1)
    run = Leaves(graft).run([0, 1, 0, 1, 1, 1])
    with statements(graft.engine) as asked:
        graft.results.drift(run)
    assert len([item for item in asked if item.startswith("SELECT")]) <= 6


def all_projects(home: str) -> None:
    """The script of a page: the list of projects."""
    import os

    os.environ["GRAFT_HOME"] = home
    from app.views.projects import render

    render()


def test_of_many_projects_the_newest_are_shown_and_more_on_demand(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    monkeypatch.setattr("app.parts.project_card.page_link", lambda *args, **more: None)
    for number in range(33):
        graft.projects.create(f"Project {number}", Task.SINGLE)
    page = AppTest.from_function(all_projects, default_timeout=60, kwargs={"home": str(graft.settings.home)}).run()
    cards = [item for item in page.button if str(item.key).startswith("edit-")]
    assert not page.exception and len(cards) == 30
    page.button(key="projects-more").click().run()
    assert len([item for item in page.button if str(item.key).startswith("edit-")]) == 33
