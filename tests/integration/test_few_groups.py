"""What makes a test worth less is said on the page and by the command, before the training starts."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.cli import build
from core.graft import Graft
from core.labels import LabelValue
from core.services.dataset import freeze
from core.store import images, projects, versions
from core.store.db import reading, writing
from core.store.images import NewImage
from core.types import ProjectId, Split, Task
from tests.finished import NOW, label
from tests.integration.colours import import_painted, paint


def grouped(graft: Graft, fields: int, *, each: int = 8) -> ProjectId:
    project = graft.projects.create_from_names(f"Fields {fields}", Task.SINGLE, ["healthy", "rust"])
    known = [item.id for item in graft.projects.read(project).classes]
    with writing(graft.engine) as session:
        found = [
            images.create_image(
                session, project,
                NewImage(
                    sha256=f"{project}-{index}", blob=f"{index:064d}", phash="", format="png", width=8, height=8,
                    size_bytes=1, original_name=f"{index}.png", extra={},
                    group_name=f"field {index // each}" if fields else None,
                ),
                now=NOW,
            )
            for index in range((fields or 5) * each)
        ]  # fmt: skip
    label(graft, project, {image: LabelValue(classes=(known[index % 2],)) for index, image in enumerate(found)})
    return project


def test_what_is_foreseen_is_what_the_training_then_gets(graft: Graft) -> None:
    project = grouped(graft, 7)
    found = graft.training.foresee(project).outlook
    with writing(graft.engine) as session:
        version = versions.read_version(session, freeze(session, projects.read_project(session, project), now=NOW))
    assert found is not None
    assert found.units == {side: len({item.unit for item in version.part(side)}) for side in Split}
    assert graft.training.foresee(project, version.number).outlook == found, "also of a version that is there"


def test_looking_ahead_divides_nothing(graft: Graft) -> None:
    project = grouped(graft, 7)
    assert graft.training.foresee(project).outlook is not None
    with reading(graft.engine) as session:
        assert {image.split for image in versions.list_labelled(session, project)} == {None}


def test_what_is_still_to_be_labelled_is_told_before_anything_is_started(graft: Graft) -> None:
    empty = graft.projects.create_from_names("Empty", Task.SINGLE, ["healthy", "rust"])
    assert "at least two classes with 5 labelled pictures each, 10 in all (healthy: 0, rust: 0)" in (
        graft.training.lacking(empty)
    )
    several = graft.projects.create_from_names("Several", Task.MULTI, [f"finding {index}" for index in range(40)])
    lacking = graft.training.lacking(several)
    assert lacking.startswith("Training needs at least one class with 5 labelled pictures, 10 in all (finding 0: 0, ")
    assert "finding 9: 0 and 30 others)" in lacking
    assert graft.training.lacking(grouped(graft, 7)) == ""
    assert "at least 10 pictures with a number; there are 0" in graft.training.lacking(
        graft.projects.create_from_names("Counts", Task.REGRESSION, [])
    )


@pytest.mark.parametrize("page", ["train", "search", "benchmark"])
def test_a_page_asks_for_labels_in_place_of_a_form_that_could_start_nothing(
    graft: Graft, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    monkeypatch.setattr("app.parts.states.page_link", lambda label, page: None)  # links need the whole app
    empty = graft.projects.create_from_names("Empty", Task.SINGLE, ["healthy", "rust"])
    shown = AppTest.from_function(form, default_timeout=60, kwargs={"page": page, "project": empty}).run()
    assert not shown.exception and not shown.button
    assert next(item.value for item in shown.markdown) == "## :small[Not enough labels yet]"


def test_many_fields_none_and_too_few_labels_say_nothing(graft: Graft) -> None:
    many = graft.training.foresee(grouped(graft, 60, each=2)).outlook
    assert many is not None and many.warning == ""
    assert graft.training.foresee(grouped(graft, 0)).outlook is None
    assert graft.training.foresee(graft.projects.create_from_names("Empty", Task.SINGLE, ["a", "b"])).outlook is None


def test_a_field_on_two_sides_is_warned_of_before_the_training_starts(graft: Graft) -> None:
    project = grouped(graft, 60, each=2)
    with writing(graft.engine) as session:
        found = versions.list_labelled(session, project)
        split = {image.id: list(Split)[index // 2 % 3] for index, image in enumerate(found)}
        split[found[0].id] = Split.TEST  # the other picture of its field is one to learn from
        versions.write_splits(session, split)
    warning = "1 case or group has pictures in several splits: the test asks for what was learnt from"
    (said,) = graft.training.warnings(project)
    assert said.startswith(warning)
    assert json.loads(train(graft, "Fields 60", "--json").stdout)["warning"] == said
    assert graft.training.warnings(project, 1) == (said,), "also of a version that is there"


def train(graft: Graft, name: str, *more: str, command: str = "train") -> Result:
    common = ["--preset", "instant", "--set", "weights=none", "--home", str(graft.settings.home)]
    done = CliRunner().invoke(build(), [command, name, *common, *more])
    assert done.exit_code == 0, done.output
    return done


def test_the_command_says_it_before_it_starts_and_in_its_json(graft: Graft) -> None:
    grouped(graft, 7)
    warning = "Your 56 pictures come from 7 groups, and only "
    assert warning in train(graft, "Fields 7").stderr
    done = train(graft, "Fields 7", "--json")
    assert json.loads(done.stdout)["warning"].startswith(warning)
    assert "What helps: pictures from more groups" in done.stderr and "fold by fold" in done.stderr


def test_who_trains_fold_by_fold_is_not_told_to(graft: Graft) -> None:
    grouped(graft, 7)
    told = train(graft, "Fields 7", "--folds", "2").stderr
    assert "What helps: pictures from more groups" in told and "fold by fold" not in told


def test_a_class_that_not_every_fold_can_be_judged_by_is_told_before_the_start(graft: Graft, tmp_path: Path) -> None:
    import_painted(graft, "Seldom", paint(tmp_path / "seldom", ["red"] * 5 + ["green"] * 30))
    told = train(graft, "Seldom", "--folds", "5", "--json")
    seldom = "1 class is seen in fewer than 5 pictures, without those for testing (red: 4): not each of the 5 folds can"
    assert told.stderr.startswith(seldom) and json.loads(told.stdout)["warning"].startswith(seldom)
    assert "fewer folds, or more pictures of that class" in told.stderr
    assert not train(graft, "Seldom", "--folds", "4").stderr, "each of four can have one"
    assert train(graft, "Seldom", "--folds", "5", "--version", "1").stderr == told.stderr, "also of a version"
    parts = train(graft, "Seldom", "--folds", "4", "--shuffle").stderr
    assert "(red: 4): of the random parts, a fifth of all each, some will probably hold none" in parts


def test_the_page_tells_it_where_folds_are_chosen(
    graft: Graft, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seldom = import_painted(graft, "Seldom", paint(tmp_path / "seldom", ["red"] * 5 + ["green"] * 30))
    monkeypatch.setattr("core.services.weights._answers", lambda url: True)
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    monkeypatch.setattr("app.views.train.page_link", lambda label, page: None)
    page = AppTest.from_function(form, default_timeout=60, kwargs={"page": "train", "project": seldom}).run()
    assert not page.warning
    next(item for item in page.selectbox if item.label == "How it is judged").set_value("folds").run()
    assert not page.exception
    assert ["not each of the 5 folds" in item.value for item in page.warning] == [True]


def test_the_command_is_silent_where_there_are_enough(graft: Graft) -> None:
    grouped(graft, 60, each=2)
    done = train(graft, "Fields 60", "--json")
    assert json.loads(done.stdout)["warning"] == "" and "What helps" not in done.stderr


def test_a_comparison_of_networks_says_it_and_a_search_what_it_chooses_by(graft: Graft) -> None:
    grouped(graft, 7)
    warning = "Your 56 pictures come from 7 groups, and only "
    compared = train(graft, "Fields 7", "--backbones", "resnet18", "--json", command="benchmark")
    assert json.loads(compared.stdout)["warning"].startswith(warning)
    searched = train(graft, "Fields 7", "--json", command="search")
    assert warning in searched.stderr and "The choice is made by pictures of 2 groups:" in searched.stderr
    assert json.loads(searched.stdout)["warning"] == searched.stderr.strip()


def form(page: str, project: int) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    from app.context import graft
    from app.views.benchmark import new_comparison
    from app.views.search import new_search
    from app.views.train import new_training
    from core.types import ProjectId

    found = graft().projects.read(ProjectId(project))
    if page == "benchmark":
        new_comparison(found.id)
    else:
        {"search": new_search, "train": new_training}[page](found)


@pytest.mark.parametrize("page", ["train", "search", "benchmark"])
def test_the_page_says_it_above_the_form(graft: Graft, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    monkeypatch.setattr("core.services.weights._answers", lambda url: True)
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    links: list[str] = []
    monkeypatch.setattr("app.views.train.page_link", lambda label, page: links.append(page))  # links need the whole app
    few, enough = (
        AppTest.from_function(form, default_timeout=60, kwargs={"page": page, "project": project}).run()
        for project in (grouped(graft, 7), grouped(graft, 60, each=2))
    )
    assert not few.exception and not enough.exception
    assert [item.value[:46] for item in few.warning] == ["Your 56 pictures come from 7 groups, and only "]
    assert ("The choice is made by" in few.warning[0].value) == (page == "search")
    assert not enough.warning
    assert links == (["search", "benchmark"] * 2 if page == "train" else []), "who is not sure how to train is shown on"
