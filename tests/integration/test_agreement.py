"""What several people said of the same pictures, from their events to what the page shows."""

import itertools

import pytest
from sqlalchemy import select

from core.graft import Graft
from core.labels import LabelValue
from core.services.gallery import PictureFilter
from core.services.labelling import LabelEvent
from core.store import projects
from core.store.db import reading, writing
from core.store.label_rebuild import rebuild_labels
from core.store.tables import AnnotatorRow, LabelEventRow, LabelRow
from core.types import ClassId, ImageId, ImageState, LabelKind, LabelSource, ProjectId, Task
from tests.finished import make_images
from tests.integration.test_checking import classes_of

NUMBERS = itertools.count()
PEOPLE = (("Anna", 0), ("Ben", 1), ("Anna", 2))
"""Who says which class of a picture, one after the other."""


def say(
    graft: Graft,
    project: ProjectId,
    who: str,
    image: ImageId,
    value: LabelValue,
    source: LabelSource = LabelSource.HAND,
) -> str:
    """Give a label; the event's id."""
    event = LabelEvent(
        event_id=f"event-{next(NUMBERS)}", image_id=image, kind=LabelKind.SET, value=value, annotator=who, source=source
    )
    assert not graft.labelling.record(project, [event]).rejected
    return event.event_id


@pytest.fixture
def leaves(graft: Graft) -> ProjectId:
    return graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust", "mildew"])


def test_people_are_compared_by_what_each_said_first_and_differences_can_be_settled(
    graft: Graft, leaves: ProjectId
) -> None:
    images, known = make_images(graft, leaves, 14), classes_of(graft, leaves)
    assert graft.agreement.read(leaves) is None
    for n, image in enumerate(images[:12]):
        say(graft, leaves, "Anna", image, LabelValue(classes=(known[n % 2],)))
        say(graft, leaves, "Ben", image, LabelValue(classes=(known[n % 2 if n else 1],)))
    say(graft, leaves, "Anna", images[12], LabelValue(classes=(known[2],)))
    say(graft, leaves, "Ben", images[12], LabelValue(classes=(known[0],)), LabelSource.SUGGESTION)
    view = graft.agreement.read(leaves)
    assert view is not None and view.people == ("Anna", "Ben") and view.pictures == 12
    (pair,) = view.pairs
    assert pair.same == pytest.approx(11 / 12) and pair.kappa is not None and pair.kappa.value == pytest.approx(5 / 6)
    assert view.alpha is not None and [name for name, _ in view.classes] == ["healthy", "rust"]
    (differing,) = view.open
    assert differing.image.id == images[0] and differing.said == (("Anna", "healthy"), ("Ben", "rust"))

    assert "(alpha 0." in view.verdict
    before = view.alpha
    graft.labelling.confirm(leaves, [images[0]], annotator="Anna")
    after = graft.agreement.read(leaves)
    assert after is not None and after.open == () and after.settled == 1
    assert after.alpha == before, "talking about it afterwards does not make them agree"


def test_grades_one_apart_are_a_smaller_difference_than_grades_three_apart(graft: Graft) -> None:
    def agreement(step: int) -> float:
        project = graft.projects.create_from_names(f"Grades {step}", Task.ORDINAL, ["0", "1", "2", "3"])
        images, known = make_images(graft, project, 12), classes_of(graft, project)
        for n, image in enumerate(images):
            say(graft, project, "Anna", image, LabelValue(classes=(known[n % 4],)))
            say(graft, project, "Ben", image, LabelValue(classes=(known[n % 4 if n else step],)))
        view = graft.agreement.read(project)
        assert view is not None and view.alpha is not None
        return view.alpha.value

    assert 1 > agreement(1) > agreement(3)


def test_numbers_are_compared_and_the_widest_differences_come_first(graft: Graft) -> None:
    project = graft.projects.create_from_names("Sizes", Task.REGRESSION, [])
    images = make_images(graft, project, 3)
    for image, (one, other) in zip(images, [(1, 1), (2, 3), (4, 9)], strict=True):
        say(graft, project, "Anna", image, LabelValue(number=one))
        say(graft, project, "Ben", image, LabelValue(number=other))
    view = graft.agreement.read(project)
    assert view is not None and view.alpha is None and view.classes == ()
    assert [item.said for item in view.open] == [(("Anna", "4"), ("Ben", "9")), (("Anna", "2"), ("Ben", "3"))]
    told = graft.agreement.to_json(project)
    assert told is not None and told["pictures"] == 3 and told["alpha"] is None


def take_back(graft: Graft, project: ProjectId, who: str, image: ImageId, what: str = "") -> None:
    """The event `what`, or the newest of that person's."""
    query = select(LabelEventRow.event_id).join(AnnotatorRow, AnnotatorRow.id == LabelEventRow.annotator_id)
    own = query.where(
        AnnotatorRow.name == who, LabelEventRow.image_id == image, LabelEventRow.source != LabelSource.UNDO
    )
    with reading(graft.engine) as session:
        what = what or session.scalars(own.order_by(LabelEventRow.id.desc())).first() or "nothing"
    event = LabelEvent(
        event_id=f"event-{next(NUMBERS)}",
        image_id=image,
        kind=LabelKind.CLEAR,
        annotator=who,
        source=LabelSource.UNDO,
        takes_back=what,
    )
    assert not graft.labelling.record(project, [event]).rejected


def label_of(graft: Graft, project: ProjectId, image: ImageId) -> tuple[ImageState, tuple[ClassId, ...]]:
    (found,) = (item for item in graft.gallery.page(project, PictureFilter()).pictures if item.id == image)
    return found.state, found.classes


def test_what_is_taken_back_takes_nothing_of_others_along(graft: Graft, leaves: ProjectId) -> None:
    """Ben's page does not know that Anna has labelled the picture before, or since."""
    (before, since), known = make_images(graft, leaves, 2), classes_of(graft, leaves)
    rust, mildew = LabelValue(classes=(known[1],)), LabelValue(classes=(known[2],))
    say(graft, leaves, "Anna", before, rust)
    for image in (before, since):
        say(graft, leaves, "Ben", image, mildew)
    say(graft, leaves, "Anna", since, rust)
    for image in (before, since):
        take_back(graft, leaves, "Ben", image)
        assert label_of(graft, leaves, image) == (ImageState.LABELLED, (known[1],))
    assert graft.agreement.read(leaves) is None, "Ben has said nothing"
    take_back(graft, leaves, "Anna", before)
    assert label_of(graft, leaves, before) == (ImageState.UNLABELLED, ())
    take_back(graft, leaves, "Anna", before)  # nothing is left to take back
    assert label_of(graft, leaves, before) == (ImageState.UNLABELLED, ())
    assert stands(graft) == {("Anna", since, (known[1],))}, "Ben has no label on either"


def test_undoing_brings_labels_to_what_the_events_say(graft: Graft, leaves: ProjectId) -> None:
    """Also where a class was merged since, and of what one person has said twice."""
    images, known = make_images(graft, leaves, 3), classes_of(graft, leaves)
    said = [
        [say(graft, leaves, who, image, LabelValue(classes=(known[index],))) for who, index in PEOPLE]
        for image in images
    ]
    graft.classes.merge(leaves, known[0], known[1])
    take_back(graft, leaves, "Anna", images[0])
    for index in (2, 0):
        take_back(graft, leaves, "Anna", images[1], said[1][index])
    take_back(graft, leaves, "Ben", images[2])
    found = [label_of(graft, leaves, image) for image in images], stands(graft)
    assert ("Anna", images[0], (known[1],)) in found[1] and ("Ben", images[2], (known[1],)) not in found[1]
    with writing(graft.engine) as session:
        rebuild_labels(session, projects.read_project(session, leaves))
    assert found == ([label_of(graft, leaves, image) for image in images], stands(graft))


def stands(graft: Graft) -> set[tuple[str, ImageId, tuple[ClassId, ...]]]:
    """Where each person stands."""
    query = select(AnnotatorRow.name, LabelRow.image_id, LabelRow.value).join(LabelRow)
    with reading(graft.engine) as session:
        return {(name, image, LabelValue.from_json(value).classes) for name, image, value in session.execute(query)}


def test_of_two_people_who_go_by_one_name_each_takes_back_what_she_did(graft: Graft, leaves: ProjectId) -> None:
    """Who gives no name is called "expert"; so is the colleague."""
    (image,), known = make_images(graft, leaves, 1), classes_of(graft, leaves)
    slip = say(graft, leaves, "expert", image, LabelValue(classes=(known[0],)))
    say(graft, leaves, "expert", image, LabelValue(classes=(known[1],)))
    take_back(graft, leaves, "expert", image, slip)
    assert label_of(graft, leaves, image) == (ImageState.LABELLED, (known[1],))
    take_back(graft, leaves, "expert", image, "what-was-never-kept")
    assert label_of(graft, leaves, image) == (ImageState.LABELLED, (known[1],))
    ada = say(graft, leaves, "Ada", image, LabelValue(classes=(known[2],)))
    take_back(graft, leaves, "expert", image, ada)
    assert label_of(graft, leaves, image) == (ImageState.LABELLED, (known[2],)), "it is not hers to take back"


def test_a_slip_that_was_undone_is_not_what_a_person_said_first(graft: Graft, leaves: ProjectId) -> None:
    images, known = make_images(graft, leaves, 12), classes_of(graft, leaves)
    for n, image in enumerate(images):
        say(graft, leaves, "Anna", image, LabelValue(classes=(known[n % 2],)))
        say(graft, leaves, "Ben", image, LabelValue(classes=(known[2],)))
        take_back(graft, leaves, "Ben", image)
        say(graft, leaves, "Ben", image, LabelValue(classes=(known[n % 2],)))
    view = graft.agreement.read(leaves)
    assert view is not None and view.pictures == 12 and view.open == () and view.pairs[0].same == 1


def test_labels_that_came_with_an_import_are_nobodys_word(graft: Graft, leaves: ProjectId) -> None:
    """Who mends only what is wrong among them differs each time: that says nothing of how far people agree."""
    images, known = make_images(graft, leaves, 12), classes_of(graft, leaves)
    for n, image in enumerate(images):
        say(graft, leaves, "import", image, LabelValue(classes=(known[0],)), LabelSource.IMPORT)
        say(graft, leaves, "Anna", image, LabelValue(classes=(known[1],)))
        assert graft.agreement.read(leaves) is None, n
    for image in images:
        say(graft, leaves, "Ben", image, LabelValue(classes=(known[1],)))
    view = graft.agreement.read(leaves)
    assert view is not None and view.people == ("Anna", "Ben") and view.pairs[0].same == 1


def test_none_of_the_classes_is_a_label_that_can_be_found_right(graft: Graft) -> None:
    project = graft.projects.create_from_names("Findings", Task.MULTI, ["rust", "miner"])
    (image,), known = make_images(graft, project, 1), classes_of(graft, project)
    say(graft, project, "Anna", image, LabelValue(classes=(known[0],)))
    say(graft, project, "Ben", image, LabelValue())
    view = graft.agreement.read(project)
    assert view is not None and view.open[0].image.state is ImageState.LABELLED
    assert view.open[0].said == (("Anna", "rust"), ("Ben", "none"))
    assert graft.labelling.confirm(project, [image], annotator="Anna") == 1
    settled = graft.agreement.read(project)
    assert settled is not None and settled.open == () and settled.settled == 1
