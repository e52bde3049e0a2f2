"""Pages, filters and counts of pictures, and projects at a glance."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from core.errors import BadInput, NameTaken, NotFound
from core.graft import Graft
from core.labels import ClassSpec, LabelValue
from core.services.gallery import PictureCount, PictureFilter
from core.services.labelling import LabelEvent
from core.store.db import writing
from core.store.tables import ImageRow
from core.types import ClassId, ImageId, ImageState, LabelKind, ProjectId, Split, Task
from tests.integration.pictures import add_pictures


@pytest.fixture
def leaves(graft: Graft) -> ProjectId:
    """Twelve pictures: two plots, every third is rust, 4 and 5 are in the test split, 7 is flagged."""
    made = graft.projects.create("Leaves", Task.SINGLE, [ClassSpec(name="healthy"), ClassSpec(name="rust")])
    add_pictures(graft, made, 6, group="plot 1")
    add_pictures(graft, made, 6, group="plot 2")
    for image in (3, 6, 9, 12):
        deed(graft, made, image, LabelKind.SET, 2)
    deed(graft, made, 7, LabelKind.FLAG)
    with writing(graft.engine) as session:
        session.execute(update(ImageRow).where(ImageRow.id.in_([4, 5])).values(split=Split.TEST))
    return made


def deed(graft: Graft, project: ProjectId, image: int, kind: LabelKind, *classes: int) -> None:
    value = LabelValue(classes=tuple(ClassId(item) for item in classes))
    made = LabelEvent(event_id=f"{kind.value}-event-{image}", image_id=ImageId(image), kind=kind, value=value)
    assert not graft.labelling.record(project, [made]).rejected


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (PictureFilter(), list(range(1, 13))),
        (PictureFilter(class_id=ClassId(2)), [3, 6, 9, 12]),
        (PictureFilter(class_id=ClassId(2), group="plot 2"), [9, 12]),
        (PictureFilter(class_id=ClassId(1)), []),
        (PictureFilter(state=ImageState.UNLABELLED, group="plot 1"), [1, 2, 4, 5]),
        (PictureFilter(split=Split.TEST), [4, 5]),
        (PictureFilter(flagged=True), [7]),
        (PictureFilter(text="PLANT 1"), [3, 4, 9, 10]),
        (PictureFilter(text="5.png"), [6, 12]),
        (PictureFilter(text="%"), []),
        (PictureFilter(deleted=True), []),
    ],
)
def test_a_filter_lets_through_what_it_says(
    graft: Graft, leaves: ProjectId, wanted: PictureFilter, ids: list[int]
) -> None:
    assert [item.id for item in graft.gallery.page(leaves, wanted).pictures] == ids
    assert graft.gallery.count(leaves, wanted).number == len(ids)


@pytest.mark.parametrize("text", ["ÜBER", "über", "u\u0308ber", "ÉTÉ", "été", "e\u0301t", "огурец"])
def test_any_letter_is_found_small_or_capital_and_however_its_accent_is_written(graft: Graft, text: str) -> None:
    made = graft.projects.create("Names", Task.SINGLE)
    image = add_pictures(graft, made, 1)[0]
    with writing(graft.engine) as session:
        session.execute(update(ImageRow).values(original_name="Über e\u0301te\u0301 ОГУРЕЦ.jpg"))
    assert [item.id for item in graft.gallery.page(made, PictureFilter(text=text)).pictures] == [image]


def test_pages_lead_forth_and_back_through_all_pictures(graft: Graft, leaves: ProjectId) -> None:
    rust, first = PictureFilter(class_id=ClassId(2)), graft.gallery.page(leaves, PictureFilter(), size=5)
    assert not first.earlier and first.later
    second = graft.gallery.page(leaves, PictureFilter(), after=first.pictures[-1].id, size=5)
    last = graft.gallery.page(leaves, PictureFilter(), after=second.pictures[-1].id, size=5)
    assert [item.id for page in (first, second, last) for item in page.pictures] == list(range(1, 13))
    assert not last.later
    back = graft.gallery.page(leaves, PictureFilter(), before=last.pictures[0].id, size=5)
    assert back == second
    assert [item.id for item in graft.gallery.page(leaves, rust, before=ImageId(12), size=2).pictures] == [6, 9]


def test_all_pictures_are_counted_however_many_and_what_is_looked_for_up_to_a_limit(
    graft: Graft, leaves: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.gallery.MOST_COUNTED", 4)
    monkeypatch.setattr("core.services.gallery.MOST_COUNTED", 4)
    assert graft.gallery.count(leaves, PictureFilter()) == PictureCount(number=12, exact=True)
    assert graft.gallery.count(leaves, PictureFilter(text="png")) == PictureCount(number=4, exact=False)


def test_deleted_pictures_are_neither_counted_nor_handed_out_and_come_back_with_their_labels(
    graft: Graft, leaves: ProjectId
) -> None:
    assert graft.gallery.delete(leaves, [ImageId(3), ImageId(1), ImageId(1)]) == 2
    progress = graft.labelling.progress(leaves)
    assert (progress.total, progress.by_state[ImageState.LABELLED], progress.by_class) == (10, 3, {2: 3})
    assert graft.labelling.upcoming(leaves)[0].id == 2
    assert [item.id for item in graft.gallery.page(leaves, PictureFilter(deleted=True)).pictures] == [1, 3]
    assert graft.gallery.restore(leaves, [ImageId(3)]) == 1
    assert graft.labelling.progress(leaves).by_class == {2: 4}


def test_another_projects_pictures_cannot_be_deleted(graft: Graft, leaves: ProjectId) -> None:
    other = graft.projects.create("Other", Task.SINGLE)
    assert graft.gallery.delete(other, [ImageId(1)]) == 0
    assert graft.labelling.progress(leaves).total == 12


@given(text=st.text(st.characters(codec="ascii"), max_size=4))
@example(text="\x00")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_can_be_looked_for(graft: Graft, text: str) -> None:
    project = next((item.id for item in graft.projects.list()), None)
    if project is None:
        project = graft.projects.create("Texts", Task.SINGLE)
        add_pictures(graft, project, 4)
    names = [("0.png", "plant 0"), ("1.png", "plant 0"), ("2.png", "plant 1"), ("3.png", "plant 1")]
    found = graft.gallery.count(project, PictureFilter(text=text)).number
    assert found == sum(any(text.lower() in word for word in words) for words in names)


@contextmanager
def counted(graft: Graft) -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(graft.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(graft.engine, "before_cursor_execute", note)


def test_fifty_projects_cost_as_many_queries_as_one(graft: Graft, leaves: ProjectId) -> None:
    with counted(graft) as one:
        graft.projects.summaries()
    for index in range(49):
        add_pictures(graft, graft.projects.create(f"Project {index}", Task.SINGLE, [ClassSpec(name="rust")]), 1)
    with counted(graft) as fifty:
        found = graft.projects.summaries()
    assert len(fifty) == len(one) < 10
    assert [item.project.name for item in found][-1] == "Leaves" and len(found) == 50
    assert (found[-1].pictures, found[-1].labelled, found[-1].last_run) == (12, 4, None)
    assert found[-1].cover is not None and found[-1].cover[0] == 1


def test_a_deleted_project_is_listed_apart_and_keeps_its_name_until_it_is_back(graft: Graft, leaves: ProjectId) -> None:
    graft.projects.delete(leaves)
    assert graft.projects.summaries() == []
    assert [item.project.id for item in graft.projects.summaries(deleted=True)] == [leaves]
    with pytest.raises(NotFound, match="was deleted"):
        graft.projects.read(leaves)
    with pytest.raises(NameTaken, match="A deleted project is called 'Leaves'"):
        graft.projects.create("Leaves", Task.SINGLE)
    graft.projects.restore(leaves)
    assert graft.projects.summaries()[0].labelled == 4


@pytest.mark.parametrize("name", ["  My   leaves ", "My\nleaves", "\u202eMy leaves", "My\xa0leaves\x1b"])
def test_a_project_is_found_by_the_name_it_was_given(graft: Graft, name: str) -> None:
    made = graft.projects.create(name, Task.SINGLE)
    assert graft.projects.read(made).name == "My leaves"
    assert graft.projects.named(name).id == graft.projects.named("My leaves").id == made


def test_an_accent_written_in_two_ways_is_one_name(graft: Graft) -> None:
    made = graft.projects.create("Cafe\u0301", Task.SINGLE)
    assert graft.projects.named("Café").id == graft.projects.named("Cafe\u0301").id == made
    with pytest.raises(NameTaken):
        graft.projects.create("Café", Task.SINGLE)


@pytest.mark.parametrize("name", ["", " \n", "\u200b", "\u200d", "x" * 201])
def test_a_name_that_nobody_could_read_is_refused(graft: Graft, name: str) -> None:
    with pytest.raises(BadInput, match="1 to 200 characters"):
        graft.projects.create(name, Task.SINGLE)


def test_what_asks_for_a_deleted_project_is_told_that_it_was_deleted(graft: Graft, leaves: ProjectId) -> None:
    graft.projects.delete(leaves)
    with pytest.raises(NotFound, match="'Leaves' was deleted"):
        graft.projects.named("Leaves")


def test_a_project_is_renamed_and_tells_its_unit(graft: Graft, leaves: ProjectId) -> None:
    number = graft.projects.create("Area", Task.REGRESSION, settings={"unit": "cm²"})
    graft.projects.edit(number, name=" Leaf  area ", guideline="Measure twice.", unit="mm²")
    read = graft.projects.read(number)
    assert (read.name, read.guideline, read.settings) == ("Leaf area", "Measure twice.", {"unit": "mm²"})
    with pytest.raises(NameTaken):
        graft.projects.edit(number, name="Leaves", guideline="")


def test_two_people_who_change_a_project_at_once_lose_nothing(graft: Graft, leaves: ProjectId) -> None:
    seen = graft.projects.read(leaves)
    graft.projects.edit(leaves, name="Coffee leaves", guideline=seen.guideline, seen=seen)
    graft.projects.edit(leaves, name=seen.name, guideline="Look below.", seen=seen)
    read = graft.projects.read(leaves)
    assert (read.name, read.guideline) == ("Coffee leaves", "Look below.")
    with pytest.raises(BadInput, match="Somebody else has changed the guideline"):
        graft.projects.edit(leaves, name=seen.name, guideline="Look above.", seen=seen)
