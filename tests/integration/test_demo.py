"""The demo, small: drawn, imported, half labelled, trained; a second time it finds what is there."""

import dataclasses

import pytest

from core.demo import KINDS, TAGGED, half_of, read_demo_set
from core.errors import NameTaken
from core.graft import Graft
from core.recipes import PRESETS
from core.services import demo
from core.services.gallery import PictureFilter
from core.types import ImageState, RunState, Task

pytestmark = pytest.mark.processes

SMALL = dataclasses.replace(PRESETS["instant"], weights="none", image_size=32)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "RECIPE", SMALL)
    monkeypatch.setattr(demo, "usable_cores", lambda: 1)
    monkeypatch.setattr("core.demo.dataset.PER_PLANT", 2)


def test_the_demo_goes_from_nothing_to_a_trained_run_and_leaves_half_to_the_person(graft: Graft) -> None:
    said: list[str] = []
    view = graft.demo.prepare(False, per_class=20, say=said.append)
    assert view.images == 80 and view.labelled == 40
    assert [words.split()[0] for words in said] == ["Drawing", "Importing", "Labelling", "Training"]
    project = graft.projects.read(view.project_id)
    assert project.settings["synthetic"] is True and "(synthetic)" in project.name and "synthetic" in project.guideline
    assert {item.name for item in project.classes} == set(KINDS)
    assert graft.training.read(view.run_id).state is RunState.DONE
    assert len(graft.results.read(view.run_id).classes) == len(KINDS)

    rows = {row.file: row for row in read_demo_set(graft.demo.folder(False))}
    assert {row.file for row in half_of(list(rows.values()))} == {
        picture.name
        for picture in graft.gallery.page(view.project_id, PictureFilter(state=ImageState.LABELLED)).pictures
    }
    names = {item.id: item.name for item in project.classes}
    for picture in graft.gallery.page(view.project_id, PictureFilter()).pictures:
        row = rows[picture.name]
        assert (picture.case_name, picture.group_name) == (row.plant, row.field)
        assert [names[item] for item in picture.classes] in ([], [row.label])

    again: list[str] = []
    assert graft.demo.prepare(False, per_class=20, say=again.append) == view
    assert again == []


def test_a_project_of_one_s_own_with_the_demo_s_name_is_left_alone(graft: Graft) -> None:
    graft.projects.create("Leaf demo (synthetic)", Task.SINGLE)
    with pytest.raises(NameTaken, match="of your own"):
        graft.demo.prepare(False, per_class=20)


def test_half_of_the_plants_of_each_class_stand_in_every_field() -> None:
    rows = [
        demo.DemoRow(
            file=f"{kind}{number}.jpg",
            label=kind,
            plant=f"F{plant % 6} {plant * 4 + 1}",
            field=f"F{plant % 6}",
            date="",
        )
        for kind in KINDS
        for number in range(96)
        for plant in [number // 4]
    ]
    half = half_of(rows)
    assert len(half) == len(rows) // 2
    for kind in KINDS:
        assert {row.field for row in half if row.label == kind} == {f"F{number}" for number in range(6)}
    assert {row.plant for row in half} & {row.plant for row in rows if row not in half} == set()


def test_the_variant_with_tags_says_so_in_its_guideline() -> None:
    assert TAGGED in demo.TAG_NOTE and "tag" in demo.TAG_NOTE
