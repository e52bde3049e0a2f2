"""External tests: a model on pictures that its project never held."""

import json
import shlex
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox
from typer.testing import CliRunner

from app.cli import build
from core.errors import BadInput, DiskFull, NotEnoughImages
from core.graft import Graft
from core.labels import ClassSpec, LabelValue
from core.media import BlobStore
from core.services.classes import ClassEdit, ClassView
from core.services.gallery import PictureFilter
from core.services.results import Drift
from core.services.serving import Serving
from core.store import figures
from core.store.db import writing
from core.store.snapshot import FILE, LIMITS
from core.tasks import importing
from core.types import ProjectId, RunId, Split, Task
from tests.at_once import complete, finish
from tests.finished import label
from tests.integration.colours import import_painted, paint
from tests.integration.test_training import trained


def elsewhere(folder: Path, counts: dict[str, int]) -> Path:
    """Red and green pictures from another place, and others."""
    return paint(folder, [name for name, count in counts.items() for _ in range(count)], seed=1)


@pytest.fixture
def other(graft: Graft, tmp_path: Path) -> ProjectId:
    folder = elsewhere(tmp_path / "elsewhere", {"Green": 4, "blue": 2, "Red": 3})
    return import_painted(graft, "Elsewhere", folder)


def test_a_model_is_scored_on_another_project_by_the_names_of_its_classes(
    graft: Graft, project: ProjectId, other: ProjectId
) -> None:
    model = trained(graft, project)
    before = graft.results.to_json(model)
    test = graft.external.start(model, other)
    complete(graft, test)
    view = graft.results.read(test, Split.TEST)
    assert (view.project_id, view.classes, view.scores.count) == (other, ("green", "red"), 7)
    assert view.scores.figures["accuracy"] is not None and view.scores.figures["accuracy"].value == 1.0
    assert [len(graft.results.cell(test, Split.TEST, row, row)) for row in range(2)] == [4, 3]
    (listed,) = graft.external.list(model)
    assert (listed.id, listed.project, listed.note) == (
        test, "Elsewhere", "2 pictures of classes that the model does not know are left out",
    )  # fmt: skip
    assert graft.results.drift(test).changed == 0
    assert graft.results.verify(test).ok
    assert graft.results.to_json(model) == before
    assert [run.id for run in graft.results.finished(project)] == [model]
    assert all(image.split is None for image in _labelled(graft, other))


def test_a_test_keeps_what_the_limits_of_its_model_make_of_it_and_it_is_computed_once(
    graft: Graft, project: ProjectId, other: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained(graft, project)
    test = graft.external.start(model, other)
    complete(graft, test)
    judged = Mock(side_effect=figures.abstaining_json)
    monkeypatch.setattr("core.store.figures.abstaining_json", judged)
    told = graft.results.to_json(test)
    assert judged.call_count == 1
    path = graft.settings.models / str(test) / FILE
    kept = json.loads(path.read_text())
    assert {name: told[name] for name in ("abstaining", "decision")} == {
        name: kept["figures"][name] for name in ("abstaining", "decision")
    }
    assert kept["figures"]["abstaining"]["limits_from"]["pictures"] == 6
    with writing(graft.engine) as session:
        session.execute(text("UPDATE prediction SET confidence = 0.5 WHERE split = 'validation'"))
    assert [item.name for item in graft.results.verify(test).findings if not item.ok] == ["Predictions"]


def test_a_test_from_before_the_limits_of_its_model_were_kept_still_agrees(
    graft: Graft, project: ProjectId, other: ProjectId
) -> None:
    test = graft.external.start(trained(graft, project), other)
    complete(graft, test)
    path = graft.settings.models / str(test) / FILE
    kept = json.loads(path.read_text())
    del kept[LIMITS]
    kept["figures"]["abstaining"] = {"answered": 1.0}
    kept["figures"]["calibration"]["conformal"] = {"possible": False}
    path.write_text(json.dumps(kept))
    assert [item.name for item in graft.results.verify(test).findings if not item.ok] == ["Snapshot"]


def test_what_was_merged_since_the_training_counts_as_what_it_has_become(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    model = trained(graft, project)
    field = import_painted(graft, "Field", elsewhere(tmp_path / "field", {"red": 4, "green": 2}))
    first = graft.projects.read(field).class_named("red")
    assert first is not None
    edits = [
        ClassEdit(id=item.id, spec=spec(item, "coloured" if item.id == first.id else item.name))
        for item in graft.projects.read(field).classes
    ]
    graft.classes.save(field, edits)
    plain = graft.external.start(model, field)
    complete(graft, plain)
    (listed,) = graft.external.list(model)
    assert listed.note == "4 pictures of classes that the model does not know are left out"

    green, red = graft.projects.read(project).classes
    graft.classes.save(
        project,
        [ClassEdit(id=green.id, spec=spec(green, "green")), ClassEdit(id=red.id, spec=spec(red, "coloured"))],
    )
    renamed = graft.external.start(model, field)
    complete(graft, renamed)
    assert graft.results.read(renamed).classes == ("green", "coloured")
    (listed,) = graft.external.list(model)
    assert listed.note == "What the model calls red counts as coloured: the class was merged or renamed since it learnt"

    coloured = graft.projects.read(field)
    graft.classes.merge(field, *(coloured.class_named(name).id for name in ("green", "coloured")))  # type: ignore[union-attr]
    merged = graft.external.start(model, field)
    complete(graft, merged)
    view = graft.results.read(merged)
    assert view.scores.count == 6 and view.scores.figures["accuracy"].value == 1.0  # type: ignore[union-attr]
    (listed,) = graft.external.list(model)
    assert listed.note.startswith("What the model calls green, red counts as coloured: the classes were merged")
    assert listed.merged in (("green",), ("red",))
    assert graft.results.verify(merged).ok


def spec(item: ClassView, name: str) -> ClassSpec:
    return ClassSpec(name=name, colour=item.colour, key=item.key)


def test_pictures_of_what_was_archived_are_counted_and_so_are_answers_that_could_not_be_right(
    graft: Graft, project: ProjectId, other: ProjectId
) -> None:
    model = trained(graft, project)
    found = graft.projects.read(other)
    green, red = found.class_named("green"), found.class_named("red")
    assert green is not None and red is not None
    reds = [item.id for item in graft.gallery.page(other, PictureFilter(class_id=red.id)).pictures]
    label(graft, other, {image: LabelValue(classes=(green.id,)) for image in reds[:2]})
    graft.classes.archive(other, red.id)
    test = graft.external.start(model, other)
    complete(graft, test)
    assert graft.results.drift(test) == Drift(changed=0, added=0, deleted=0), "what was left out is not new"
    label(graft, other, {reds[2]: LabelValue(classes=(green.id,))})
    assert graft.results.drift(test).added == 1
    (listed,) = graft.external.list(model)
    assert listed.note.split(". ") == [
        "2 pictures of classes that the model does not know are left out",
        "1 picture of classes that were archived there is left out",
        "The model says red of 2 pictures, a class that the project does not use: that counts as wrong",
    ]


def _labelled(graft: Graft, project: ProjectId) -> list[object]:
    from core.store import versions
    from core.store.db import reading

    with reading(graft.engine) as session:
        return list(versions.list_labelled(session, project))


def test_only_projects_that_share_the_task_and_a_class_are_offered(
    graft: Graft, project: ProjectId, other: ProjectId
) -> None:
    model = trained(graft, project)
    graft.projects.create_from_names("Shapes", Task.SINGLE, ["round", "square"])
    graft.projects.create_from_names("Several", Task.MULTI, ["red", "green"])
    empty = graft.projects.create_from_names("Empty", Task.SINGLE, ["red"])
    assert set(graft.external.fitting(model)) == {other, empty}
    with pytest.raises(NotEnoughImages, match="no labelled picture"):
        graft.external.start(model, empty)
    with pytest.raises(BadInput, match="none of the model's classes"):
        graft.external.start(model, graft.projects.named("Shapes").id)
    many = graft.projects.create_from_names("Many", Task.SINGLE, [f"shape {number}" for number in range(40)])
    with pytest.raises(BadInput) as refused:
        graft.external.start(model, many)
    assert "shape 5 and 34 others." in refused.value.hint and "shape 6" not in refused.value.hint
    with pytest.raises(BadInput, match="another project"):
        graft.external.start(model, project)


def test_the_command_scores_a_folder_of_classes(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    model: RunId = trained(graft, project)
    folder = elsewhere(tmp_path / "field two", {"green": 2, "red": 2})
    home = ["--home", str(graft.settings.home)]
    done = CliRunner().invoke(build(), ["evaluate", str(model), "--folder", str(folder), "--json", *home])
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert (value["project"], value["metrics"]["test"]["count"]) == ("External: field two", 4)
    assert value["together"] == "pictures" and value["warning"] in done.stderr
    assert value["warning"].startswith("Nothing says which pictures are of one case: each was taken for a case of its")
    wrong = CliRunner().invoke(build(), ["evaluate", str(model), *home])
    assert wrong.exit_code == 2
    again = CliRunner().invoke(build(), ["evaluate", str(model), "--folder", str(folder), *home])
    assert again.exit_code == 1 and "--project 'External: field two'" in again.output
    words = ["evaluate", str(model), "--project", "External: field two", "--json", *home]
    assert json.loads(CliRunner().invoke(build(), words).stdout)["metrics"] == value["metrics"]
    told = CliRunner().invoke(build(), [word for word in words if word != "--json"]).stdout
    head = f"Run {model} on 4 pictures of External: field two, which it has never seen and was not chosen by."
    assert told.startswith(head) and "Balanced accuracy" in told


def rows_of(cases: list[str]) -> str:
    """A table of plants for a folder's pictures, which are called by their numbers."""
    return "\n".join(["file,plant", *(f"{index}.png,{case}" for index, case in enumerate(cases))])


def test_pictures_of_a_folder_that_are_of_one_case_count_as_one(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    model: RunId = trained(graft, project)
    home = ["--home", str(graft.settings.home), "--json"]

    def evaluated(*words: str) -> tuple[dict[str, dict[str, dict[str, list[float]]]], str]:
        done = CliRunner().invoke(build(), ["evaluate", str(model), *words, *home])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout), done.stderr

    def width(value: dict[str, dict[str, dict[str, list[float]]]]) -> float:
        low, high = value["intervals"]["test"]["accuracy"]
        return high - low

    alone, _ = evaluated("--folder", str(elsewhere(tmp_path / "alone", {"green": 6, "red": 6})))
    plants = [f"p{index // 3}" for index in range(12)]
    beside = tmp_path / "plants.csv"
    beside.write_text(rows_of(plants))
    folder = str(elsewhere(tmp_path / "beside", {"green": 6, "red": 6}))
    value, told = evaluated("--folder", folder, "--labels", str(beside), "--case-column", "plant")
    assert (value["metrics"]["test"]["units"], value["together"], value["warning"], told) == (4, "cases", "", "")
    assert width(value) > width(alone)

    inside = elsewhere(tmp_path / "inside", {"green": 6, "red": 6})
    (inside / "plants.csv").write_text(rows_of(plants[:9]).replace("plant", "case") + "\n77.png,p9")
    value, told = evaluated("--folder", str(inside))
    assert value["metrics"]["test"]["units"] == 3 + 3
    assert str(value["warning"]).startswith("3 pictures name no case or group: each was taken for one of its own.")
    assert "1 of its lines names no picture that came" in told

    unknown = ["evaluate", str(model), "--folder", folder, "--labels", "nowhere.csv", *home]
    assert "There is no table 'nowhere.csv'" in CliRunner().invoke(build(), unknown).stderr
    mixed = ["evaluate", str(model), "--project", "External: beside", "--case-column", "plant", *home]
    assert CliRunner().invoke(build(), mixed).exit_code == 2


def test_cases_that_are_named_after_a_test_on_a_folder_count_in_the_next(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    model: RunId = trained(graft, project)
    home = ["--home", str(graft.settings.home)]
    folder = elsewhere(tmp_path / "field", {"green": 4, "red": 4})
    first = CliRunner().invoke(build(), ["evaluate", str(model), "--folder", str(folder), *home])
    table = tmp_path / "plants.csv"
    table.write_text(rows_of(["a", "a", "b", "b", "c", "c", "d", "d"]))
    way_out = first.stderr.partition("A table can tell: ")[2].strip().removesuffix(".")
    named, _, again = way_out.partition(", then ")
    for words in (named.replace("TABLE.csv", str(table)).replace("COLUMN", "plant"), again):
        done = CliRunner().invoke(build(), [*shlex.split(words)[1:], *home, "--json"])
        assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"]["test"]["units"] == 4


class Fills:
    """In place of `BlobStore.settle`: the disk is full after so many batches."""

    def __init__(self, *, after: int) -> None:
        self.left = after

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise DiskFull


def test_a_folder_of_which_nothing_can_be_used_leaves_no_project_behind(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    model: RunId = trained(graft, project)
    words = ["evaluate", str(model), "--folder", str(tmp_path / "field"), "--home", str(graft.settings.home)]
    (tmp_path / "field" / "green").mkdir(parents=True)
    (tmp_path / "field" / "green" / "broken.png").write_bytes(b"no picture")
    told = CliRunner().invoke(build(), words)
    assert told.exit_code == 1 and "green/broken.png: " in told.stderr
    assert "holds no picture that could be used" in told.stderr

    elsewhere(tmp_path / "field", {"green": 2, "red": 2})
    with monkeypatch.context() as full:
        full.setattr(BlobStore, "settle", Fills(after=0))
        failed = CliRunner().invoke(build(), words)
    assert failed.exit_code == 1 and "failed: The disk is full." in failed.stderr
    assert [item.name for item in graft.projects.list()] == ["Colours"]
    assert CliRunner().invoke(build(), words).exit_code == 0


def test_a_test_on_a_folder_goes_on_where_its_import_was_stopped_and_one_on_the_project_says_that_it_was(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    monkeypatch.setattr(importing, "BATCH", 4)
    model: RunId = trained(graft, project)
    home = ["--home", str(graft.settings.home), "--json"]
    words = ["evaluate", str(model), "--folder", str(elsewhere(tmp_path / "field", {"green": 4, "red": 4})), *home]

    with monkeypatch.context() as full:
        full.setattr(BlobStore, "settle", Fills(after=1))
        stopped = CliRunner().invoke(build(), words)
    assert stopped.exit_code == 1
    assert "External: field holds 4 pictures so far. The same command goes on." in stopped.stderr

    half = CliRunner().invoke(build(), ["evaluate", str(model), "--project", "External: field", *home])
    (run,) = graft.imports.list(graft.projects.named("External: field").id)
    assert json.loads(half.stdout)["metrics"]["test"]["count"] == 4
    assert json.loads(half.stdout)["note"] == f"Its last import, run {run.id}, did not end: pictures may be missing"
    assert f"`graft resume {run.id} --wait` goes on with it" in half.stderr

    whole = json.loads(CliRunner().invoke(build(), words).stdout)
    assert (whole["metrics"]["test"]["count"], whole["note"]) == (8, "")
    again = CliRunner().invoke(build(), words)
    assert again.exit_code == 1 and "was brought in before" in again.stderr


def test_a_folder_whose_names_were_no_classes_is_brought_again_once_they_are(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    model: RunId = trained(graft, project)
    folder = elsewhere(tmp_path / "field", {"blue": 3})
    words = ["evaluate", str(model), "--folder", str(folder), "--home", str(graft.settings.home), "--json"]
    assert "has no labelled picture" in CliRunner().invoke(build(), words).stderr
    (folder / "blue").rename(folder / "green")
    assert json.loads(CliRunner().invoke(build(), words).stdout)["metrics"]["test"]["count"] == 3


def test_a_deleted_project_of_a_folder_s_name_is_said_to_be_one(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    model: RunId = trained(graft, project)
    folder = elsewhere(tmp_path / "field", {"green": 2, "red": 2})
    words = ["evaluate", str(model), "--folder", str(folder), "--home", str(graft.settings.home)]
    assert CliRunner().invoke(build(), words).exit_code == 0
    graft.projects.delete(graft.projects.named("External: field").id)
    told = CliRunner().invoke(build(), words)
    assert told.exit_code == 1 and "A deleted project is called" in told.stderr
    assert "Page Projects brings it back" in told.stderr and "--project" not in told.stderr


def choosing(model: int, home: str) -> None:
    """The popover of Results: runs on its own, so that it imports what it needs."""
    import os

    os.environ["GRAFT_HOME"] = home
    from app.context import graft
    from app.parts.external import choose_external

    choose_external(
        next(run for run in graft().results.finished(graft().queue.read(model).project_id) if run.id == model)
    )


def test_the_page_tests_a_model_on_a_folder_of_the_computer_that_graft_runs_on(
    graft: Graft, project: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links: list[tuple[str, object]] = []
    monkeypatch.setattr(
        "app.parts.external.page_link", lambda label, page, *, icon, project, run: links.append((page, run))
    )  # links need the whole app
    model, second = trained(graft, project), trained(graft, project)
    folder = elsewhere(tmp_path / "field two", {"green": 2, "red": 2})
    (folder / "green" / "broken.png").write_bytes(b"no picture")
    values = {"model": model, "home": str(graft.settings.home)}
    page = AppTest.from_function(choosing, default_timeout=60, kwargs=values).run()

    def asked(path: str) -> None:
        next(item for item in page.text_input if item.label == "Folder").set_value(path)
        next(item for item in page.button if item.label == "Bring in and test").click().run()

    asked(str(tmp_path / "nothing"))
    assert page.error[0].value.startswith("There is no folder")
    asked(f" {folder} ")
    brought = RunId(int(page.query_params["brought"][0]))
    assert graft.external.list(model) == []
    complete(graft, brought)
    page.run()
    (test,) = graft.external.list(model)
    assert test.project == "External: field two" and links == [("images", brought)]
    assert any("1 line on what did not come in" in item.value for item in page.caption)
    complete(graft, test.id)
    page.run()
    assert page.query_params["external"] == str(test.id), "what was asked for is shown"
    assert [item.id for item in graft.external.list(model)] == [test.id], "once"
    assert graft.results.read(test.id, Split.TEST).scores.count == 4
    other = AppTest.from_function(choosing, default_timeout=60, kwargs={**values, "model": second})
    other.query_params["brought"], other.query_params["tested"] = str(brought), str(model)
    assert not other.run().exception and graft.external.list(second) == [], "of another model nothing was asked"
    asked(str(folder))
    assert "A folder of that name was brought in before" in page.error[0].value.replace("\\", "")


def test_pictures_in_a_folder_of_another_class_are_left_out_and_counted(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    model = trained(graft, project)
    folder = elsewhere(tmp_path / "mixed", {"green": 2, "red": 2, "blue": 3})
    complete(graft, graft.external.bring_folder(model, str(folder)))
    test = graft.external.start(model, graft.projects.named("External: mixed").id)
    complete(graft, test)
    (listed,) = graft.external.list(model)
    assert listed.note == "3 pictures without a label here are left out"
    assert graft.results.read(test, Split.TEST).scores.count == 4


def _of(page: AppTest) -> Selectbox[RunId | None]:
    return next(item for item in page.selectbox if item.label == "Pictures of")


def test_a_test_that_was_begun_here_is_shown_when_it_is_done_and_once(
    graft: Graft, project: ProjectId, other: ProjectId
) -> None:
    model = trained(graft, project)
    values = {"model": model, "home": str(graft.settings.home)}
    here, elsewhere = (AppTest.from_function(choosing, default_timeout=60, kwargs=values).run() for _ in range(2))
    here.button(key="external-start").click().run()
    (test,) = graft.external.list(model)
    assert here.query_params["awaited"] == str(test.id) and not here.exception
    complete(graft, test.id)
    assert _of(here.run()).value == test.id and "awaited" not in here.query_params
    assert _of(elsewhere.run()).value is None, "nobody else's view is changed"
    _of(here).select_index(0).run()
    assert _of(here.run()).value is None and "external" not in here.query_params, "a later choice stays"


def test_who_looks_at_other_pictures_meanwhile_goes_on_looking_at_them(
    graft: Graft, project: ProjectId, other: ProjectId, tmp_path: Path
) -> None:
    model = trained(graft, project)
    first = graft.external.start(model, other)
    complete(graft, first)
    import_painted(graft, "A second place", elsewhere(tmp_path / "second", {"Green": 2, "Red": 2}))
    values = {"model": model, "home": str(graft.settings.home)}
    page = AppTest.from_function(choosing, default_timeout=60, kwargs=values).run()
    page.selectbox(key="external-project").set_value(graft.projects.named("A second place").id).run()
    page.button(key="external-start").click().run()
    _of(page).set_value(first).run()
    complete(graft, graft.external.list(model)[0].id)
    assert _of(page.run()).value == first and not page.exception


def test_a_folder_without_pictures_leaves_no_project_and_says_so(
    graft: Graft, project: ProjectId, tmp_path: Path
) -> None:
    model = trained(graft, project)
    (tmp_path / "empty").mkdir()
    brought = graft.external.bring_folder(model, str(tmp_path / "empty"))
    assert graft.external.tested_on(model, brought) is None, "it has not come in yet"
    complete(graft, brought)
    with pytest.raises(NotEnoughImages, match="no picture that could be used"):
        graft.external.tested_on(model, brought)
    assert [item.name for item in graft.projects.list()] == ["Colours"]
