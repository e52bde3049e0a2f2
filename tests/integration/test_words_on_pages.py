"""Sentences of pages that depend on how many there are, and on what a project asks."""

from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.errors import Cancelled
from core.graft import Graft
from core.jobs.payloads import ImportPayload
from core.types import Lane, RunState, Task
from tests.at_once import complete, serve
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


def importing(home: str, run: int) -> None:
    """The script of a page: what became of an import."""
    import os

    os.environ["GRAFT_HOME"] = home
    from app.views.images import live
    from core.types import RunId

    live(RunId(run))


def test_an_import_that_was_stopped_says_so_and_can_go_on(
    graft: Graft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    project = graft.projects.create("Leaves", Task.SINGLE)
    run = graft.imports.start(project, ImportPayload(source=str(tmp_path / "a.png")))

    def stop(*_: object) -> None:
        raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr("core.tasks.importing._commit", stop)
        assert serve(graft, Lane.FILES) is RunState.CANCELLED
    page = AppTest.from_function(
        importing, default_timeout=60, kwargs={"home": str(graft.settings.home), "run": run}
    ).run()
    assert not page.exception
    assert page.info[0].value == "It was stopped. What is counted below had gone in, and stays."
    page.button[0].click().run()
    assert complete(graft, run).result["added"] == 1  # type: ignore[index]


def test_an_import_of_bad_files_alone_does_not_say_that_everything_else_went_in(
    graft: Graft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    (tmp_path / "in").mkdir()
    for number in range(201):
        (tmp_path / "in" / f"{number}.png").write_bytes(b"no picture")
    run = graft.imports.start(graft.projects.create("Leaves", Task.SINGLE), ImportPayload(source=str(tmp_path / "in")))
    complete(graft, run)
    page = AppTest.from_function(importing, default_timeout=60, kwargs={"home": str(graft.settings.home), "run": run})
    page.run()
    assert page.markdown[0].value == "201 lines on what was left out or is without a label."
    assert page.caption[0].value == "The first 200 lines are shown; the report has all."


def choosing(home: str, project: int) -> None:
    """The script of a page: which import it shows."""
    import os

    os.environ["GRAFT_HOME"] = home
    import streamlit as st

    from app.views.images import shown_import
    from core.types import ProjectId

    st.text(str(shown_import(ProjectId(project))))


def test_an_address_cannot_show_another_project_s_import(
    graft: Graft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    payload = ImportPayload(source=str(tmp_path / "a.png"))
    first, second = (graft.projects.create(name, Task.SINGLE) for name in ("Leaves", "Roots"))
    older, newer, others = (graft.imports.start(project, payload) for project in (first, first, second))
    for asked, shown in ((older, older), (others, newer), (999, newer)):
        kwargs = {"home": str(graft.settings.home), "project": first}
        page = AppTest.from_function(choosing, default_timeout=60, kwargs=kwargs)
        page.query_params["run"] = str(asked)
        assert page.run().text[0].value == str(shown)
