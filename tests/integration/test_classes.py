"""Changing classes without losing a label."""

import itertools
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.errors import BadInput, GraftError, NameTaken
from core.graft import Graft, open_graft
from core.labels import ClassSpec, LabelValue
from core.services.classes import ClassEdit
from core.services.gallery import PictureFilter
from core.services.labelling import LabelEvent
from core.settings import Settings
from core.store import projects
from core.store.db import reading, writing
from core.store.label_rebuild import rebuild_labels
from core.store.tables import ImageClassRow, ImageRow, LabelEventRow, LabelRow
from core.types import ClassId, ImageId, ImageState, LabelKind, ProjectId, Task
from tests.integration.pictures import add_pictures

NUMBERS = itertools.count()


def label(graft: Graft, project: ProjectId, image: ImageId, *classes: int, kind: LabelKind = LabelKind.SET) -> None:
    value = LabelValue(classes=tuple(ClassId(item) for item in classes))
    event = LabelEvent(
        event_id=f"event-{next(NUMBERS):06}", image_id=image, kind=kind, value=value, annotator=f"person {image % 2}"
    )
    assert not graft.labelling.record(project, [event]).rejected


def consensus(graft: Graft, project: ProjectId) -> dict[ImageId, tuple[ClassId, ...]]:
    return {item.id: item.classes for item in graft.gallery.page(project, PictureFilter()).pictures}


@pytest.fixture
def leaves(graft: Graft) -> ProjectId:
    made = graft.projects.create(
        "Leaves", Task.SINGLE, [ClassSpec(name=name) for name in ("healthy", "rust", "blight")]
    )
    add_pictures(graft, made, 4)
    return made


def names(graft: Graft, project: ProjectId) -> list[str]:
    return [item.name for item in graft.projects.read(project).classes]


def edits(graft: Graft, project: ProjectId, new_names: dict[str, str]) -> list[ClassEdit]:
    return [
        ClassEdit(
            id=item.id, spec=ClassSpec(name=new_names.get(item.name, item.name), colour=item.colour, key=item.key)
        )
        for item in graft.projects.read(project).classes
    ]


def test_two_classes_can_exchange_their_names(graft: Graft, leaves: ProjectId) -> None:
    label(graft, leaves, ImageId(1), 1)
    graft.classes.save(leaves, edits(graft, leaves, {"healthy": "rust", "rust": "healthy"}))
    assert names(graft, leaves) == ["rust", "healthy", "blight"]
    assert consensus(graft, leaves)[ImageId(1)] == (1,)


def test_saving_reorders_and_adds(graft: Graft, leaves: ProjectId) -> None:
    new = [*reversed(edits(graft, leaves, {})), ClassEdit(id=None, spec=ClassSpec(name="mildew", colour="#123456"))]
    graft.classes.save(leaves, new)
    assert names(graft, leaves) == ["blight", "rust", "healthy", "mildew"]
    made = graft.projects.read(leaves).classes[-1]
    assert (made.colour, made.key) == ("#123456", "4")


def test_a_list_that_another_window_has_overtaken_is_refused(graft: Graft, leaves: ProjectId) -> None:
    stale = edits(graft, leaves, {})
    graft.classes.add(leaves, ClassSpec(name="mildew"))
    with pytest.raises(BadInput, match="another window"):
        graft.classes.save(leaves, stale)
    assert names(graft, leaves) == ["healthy", "rust", "blight", "mildew"]


def test_merging_moves_labels_and_separating_brings_them_back(graft: Graft, leaves: ProjectId) -> None:
    label(graft, leaves, ImageId(1), 2)
    label(graft, leaves, ImageId(2), 3)
    assert graft.classes.merge(leaves, ClassId(2), ClassId(3)) == 1
    label(graft, leaves, ImageId(3), 2)  # sent by a page that was open before
    assert consensus(graft, leaves) == {1: (3,), 2: (3,), 3: (3,), 4: ()}
    assert graft.labelling.progress(leaves).by_class == {3: 3}
    assert graft.classes.bring_back(leaves, ClassId(2)) == 2
    assert consensus(graft, leaves) == {1: (2,), 2: (3,), 3: (2,), 4: ()}


def test_a_chain_of_mergings_is_followed_and_cut_where_it_is_separated(graft: Graft, leaves: ProjectId) -> None:
    label(graft, leaves, ImageId(1), 1)
    graft.classes.merge(leaves, ClassId(1), ClassId(2))
    graft.classes.merge(leaves, ClassId(2), ClassId(3))
    assert consensus(graft, leaves)[ImageId(1)] == (3,)
    graft.classes.bring_back(leaves, ClassId(2))
    assert consensus(graft, leaves)[ImageId(1)] == (2,)


def test_several_classes_that_become_one_are_one(graft: Graft) -> None:
    made = graft.projects.create("Multi", Task.MULTI, [ClassSpec(name=name) for name in ("miner", "rust", "phoma")])
    image = add_pictures(graft, made, 1)[0]
    label(graft, made, image, 1, 2, 3)
    graft.classes.merge(made, ClassId(1), ClassId(3))
    assert sorted(consensus(graft, made)[image]) == [2, 3]


def test_the_name_of_a_merged_class_means_the_other_and_can_be_given_again(graft: Graft, leaves: ProjectId) -> None:
    graft.classes.merge(leaves, ClassId(2), ClassId(3))
    found = graft.projects.read(leaves).class_named("Rust")
    assert found is not None and found.name == "blight"
    graft.classes.add(leaves, ClassSpec(name="rust"))
    assert names(graft, leaves) == ["healthy", "blight", "rust"]


def test_an_archived_class_keeps_its_labels_and_its_name(graft: Graft, leaves: ProjectId) -> None:
    label(graft, leaves, ImageId(1), 2)
    graft.classes.archive(leaves, ClassId(2))
    assert names(graft, leaves) == ["healthy", "blight"]
    assert consensus(graft, leaves)[ImageId(1)] == (2,)
    with pytest.raises(NameTaken, match="archived class 'rust'"):
        graft.classes.add(leaves, ClassSpec(name="Rust"))
    graft.classes.add(leaves, ClassSpec(name="mildew", key="2"))
    graft.classes.bring_back(leaves, ClassId(2))
    assert {item.name: item.key for item in graft.projects.read(leaves).classes}["rust"] == "4"  # 2 was given away


def test_a_class_cannot_become_itself_or_what_is_archived(graft: Graft, leaves: ProjectId) -> None:
    with pytest.raises(BadInput, match="into itself"):
        graft.classes.merge(leaves, ClassId(1), ClassId(1))
    graft.classes.archive(leaves, ClassId(2))
    with pytest.raises(GraftError, match="not in use"):
        graft.classes.merge(leaves, ClassId(1), ClassId(2))


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["label", "skip", "flag", "merge", "archive", "bring back", "rename", "reverse", "add"]),
        st.integers(1, 5),
        st.integers(1, 5),
    ),
    max_size=25,
)


def do(graft: Graft, project: ProjectId, deed: str, first: int, second: int, told: dict[ImageId, int | None]) -> None:
    view = graft.projects.read(project)
    match deed:
        case "label" if ClassId(second) in view.all_classes:
            label(graft, project, ImageId(first), second)
            told[ImageId(first)] = second
        case "skip":
            label(graft, project, ImageId(first), kind=LabelKind.SKIP)
            told[ImageId(first)] = None
        case "flag":
            label(graft, project, ImageId(first), kind=LabelKind.FLAG)
        case "merge":
            graft.classes.merge(project, ClassId(first), ClassId(second))
        case "archive":
            graft.classes.archive(project, ClassId(first))
        case "bring back":
            graft.classes.bring_back(project, ClassId(first))
        case "rename":
            graft.classes.save(project, edits(graft, project, {item.name: f"{item.name}'" for item in view.classes}))
        case "reverse":
            graft.classes.save(project, list(reversed(edits(graft, project, {}))))
        case "add":
            graft.classes.add(project, ClassSpec(name=f"new {next(NUMBERS)}"))


def derived(graft: Graft) -> list[object]:
    with reading(graft.engine) as session:
        return [
            sorted(session.execute(select(ImageClassRow.image_id, ImageClassRow.class_id)).all()),
            session.execute(
                select(ImageRow.id, ImageRow.state, ImageRow.number, ImageRow.flagged).order_by(ImageRow.id)
            ).all(),
            session.execute(
                select(LabelRow.image_id, LabelRow.annotator_id, LabelRow.state, LabelRow.value).order_by(
                    LabelRow.image_id, LabelRow.annotator_id
                )
            ).all(),
        ]


@given(deeds=DEEDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_done_to_classes_no_label_is_lost(empty_home: Path, deeds: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        shutil.copytree(empty_home, folder, dirs_exist_ok=True)
        graft = open_graft(Settings(home=Path(folder), device="cpu"))
        project = graft.projects.create("Leaves", Task.SINGLE, [ClassSpec(name=name) for name in "abcd"])
        add_pictures(graft, project, 5)
        told: dict[ImageId, int | None] = {}
        for deed, first, second in deeds:
            try:
                do(graft, project, deed, first, second, told)
            except GraftError:
                continue  # refused: nothing may have changed
        view = graft.projects.read(project)
        expected = {image: (view.meant(ClassId(item)),) if item else () for image, item in told.items()}
        assert consensus(graft, project) == {ImageId(image): () for image in range(1, 6)} | expected
        with reading(graft.engine) as session:
            kept = session.scalar(select(func.count()).select_from(LabelEventRow))
        assert kept == sum(deed in ("skip", "flag") for deed, *_ in deeds) + sum(
            1 for deed, _, second in deeds if deed == "label" and second <= 4
        ) + count_on_new(deeds)
        before = derived(graft)
        with writing(graft.engine) as session:
            rebuild_labels(session, projects.read_project(session, project))
        assert derived(graft) == before
        graft.engine.dispose()


def count_on_new(deeds: list[tuple[str, int, int]]) -> int:
    """Labels with the fifth class, which is there once a class was added."""
    there, found = False, 0
    for deed, _, second in deeds:
        there = there or deed == "add"
        found += deed == "label" and second == 5 and there
    return found


def test_a_picture_that_nobody_looked_at_stays_unlabelled_after_a_rebuild(graft: Graft, leaves: ProjectId) -> None:
    with writing(graft.engine) as session:
        rebuild_labels(session, projects.read_project(session, leaves))
    assert graft.labelling.progress(leaves).by_state[ImageState.UNLABELLED] == 4


def seen_by(graft: Graft, project: ProjectId) -> dict[ClassId, ClassSpec]:
    return {edit.id: edit.spec for edit in edits(graft, project, {}) if edit.id is not None}


def test_two_people_change_different_things_of_the_classes_and_both_stay(graft: Graft, leaves: ProjectId) -> None:
    seen, mine = seen_by(graft, leaves), edits(graft, leaves, {"rust": "leaf rust"})
    theirs = edits(graft, leaves, {"healthy": "sound"})
    graft.classes.save(leaves, theirs[::-1], seen=seen)
    graft.classes.add(leaves, ClassSpec(name="miner"))
    graft.classes.save(leaves, [*mine, ClassEdit(id=None, spec=ClassSpec(name="phoma", key="4"))], seen=seen)
    assert names(graft, leaves) == ["blight", "leaf rust", "sound", "miner", "phoma"]
    assert [item.key for item in graft.projects.read(leaves).classes] == ["3", "2", "1", "4", "5"]


def test_two_people_who_rename_the_same_class_are_told(graft: Graft, leaves: ProjectId) -> None:
    seen, mine = seen_by(graft, leaves), edits(graft, leaves, {"rust": "leaf rust"})
    graft.classes.save(leaves, edits(graft, leaves, {"rust": "coffee rust"}), seen=seen)
    with pytest.raises(BadInput, match="Somebody else has changed the name of 'rust' to 'coffee rust'"):
        graft.classes.save(leaves, mine, seen=seen)
    assert names(graft, leaves) == ["healthy", "coffee rust", "blight"]


def test_two_people_who_give_different_orders_are_told_and_the_same_order_is_one(
    graft: Graft, leaves: ProjectId
) -> None:
    seen, (first, second, third) = seen_by(graft, leaves), edits(graft, leaves, {})
    graft.classes.save(leaves, [second, first, third], seen=seen)
    graft.classes.save(leaves, [second, first, third], seen=seen)
    with pytest.raises(BadInput, match="the order of the classes"):
        graft.classes.save(leaves, [third, first, second], seen=seen)
    assert names(graft, leaves) == ["rust", "healthy", "blight"]
