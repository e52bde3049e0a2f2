"""External tests: a model on pictures that its project never held."""

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import build
from core.errors import BadInput, NotEnoughImages
from core.graft import Graft
from core.services.serving import Serving
from core.types import ProjectId, RunId, Split, Task
from tests.at_once import complete, finish
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
    assert graft.results.to_json(model) == before
    assert [run.id for run in graft.results.finished(project)] == [model]
    assert all(image.split is None for image in _labelled(graft, other))


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
