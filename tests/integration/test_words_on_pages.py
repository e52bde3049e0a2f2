"""Sentences of pages that depend on how many there are, and on what a project asks."""

import pytest
from streamlit.testing.v1 import AppTest

from core.graft import Graft
from core.types import Task
from tests.integration.pictures import add_pictures


def exporting(home: str) -> None:
    """The script of a page: the export of the newest project's pictures."""
    import os

    os.environ["GRAFT_HOME"] = home
    from app.context import graft
    from app.views.export import dataset

    project = graft().projects.list()[0]
    dataset(project, graft().labelling.progress(project.id).total)


@pytest.mark.parametrize(
    ("task", "number", "words"),
    [
        (Task.SINGLE, 2, "A zip of all 2 pictures in folders by class, and"),
        (Task.REGRESSION, 2, "A zip of all 2 pictures, and"),
        (Task.MULTI, 1, "A zip of the one picture, and"),
    ],
)
def test_an_export_is_said_to_lie_in_folders_only_where_it_does(
    graft: Graft, task: Task, number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    add_pictures(graft, graft.projects.create("Leaves", task), number)
    page = AppTest.from_function(exporting, default_timeout=60, kwargs={"home": str(graft.settings.home)}).run()
    assert not page.exception and page.markdown[-1].value.startswith(words)
