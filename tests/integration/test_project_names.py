"""What two projects may be called."""

import pytest
from sqlalchemy import update

from app.parts.project_card import holdings
from core.errors import NameTaken, NotFound
from core.graft import Graft
from core.labels import ClassSpec
from core.store.db import writing
from core.store.tables import ProjectRow
from core.types import ProjectId, Task


@pytest.fixture
def leaves(graft: Graft) -> ProjectId:
    return graft.projects.create("Coffee leaves", Task.SINGLE)


@pytest.mark.parametrize("name", ["coffee leaves", "COFFEE  Leaves", " Coffee leaves "])
def test_capitals_and_spaces_make_no_second_project(graft: Graft, leaves: ProjectId, name: str) -> None:
    with pytest.raises(NameTaken, match="There is already a project called 'Coffee leaves'"):
        graft.projects.create(name, Task.SINGLE)
    other = graft.projects.create("Tea", Task.SINGLE)
    with pytest.raises(NameTaken, match="There is already a project called 'Coffee leaves'"):
        graft.projects.edit(other, name=name, guideline="")
    graft.projects.delete(leaves)
    with pytest.raises(NameTaken, match="A deleted project is called 'Coffee leaves'"):
        graft.projects.create(name, Task.SINGLE)


def test_a_project_may_be_written_with_other_capitals(graft: Graft, leaves: ProjectId) -> None:
    graft.projects.edit(leaves, name="Coffee Leaves", guideline="")
    assert graft.projects.read(leaves).name == "Coffee Leaves"


def test_a_project_is_found_whatever_the_capitals(graft: Graft, leaves: ProjectId) -> None:
    assert graft.projects.named("coffee LEAVES").id == leaves


def test_two_of_an_earlier_time_are_each_found_by_the_very_name_and_can_be_changed(
    graft: Graft, leaves: ProjectId
) -> None:
    twin = graft.projects.create("Twin", Task.SINGLE)
    with writing(graft.engine) as session:
        session.execute(update(ProjectRow).where(ProjectRow.id == twin).values(name="coffee leaves"))
    assert graft.projects.named("coffee leaves").id == twin
    assert graft.projects.named("Coffee leaves").id == leaves
    with pytest.raises(NotFound, match="no project called 'COFFEE LEAVES'"):
        graft.projects.named("COFFEE LEAVES")
    graft.projects.edit(twin, name="coffee leaves", guideline="Look below.")
    assert graft.projects.read(twin).guideline == "Look below."


def test_classes_with_commas_in_them_are_told_apart_on_a_project_s_card(graft: Graft) -> None:
    graft.projects.create("Findings", Task.MULTI, [ClassSpec(name="rust, early"), ClassSpec(name="healthy")])
    assert holdings(graft.projects.summaries()[0]).endswith("2 classes: rust, early; healthy")
