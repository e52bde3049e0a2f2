"""What several people said of the same pictures, from their events to what the page shows."""

import itertools

import pytest

from core.graft import Graft
from core.labels import LabelValue
from core.services.labelling import LabelEvent
from core.types import ImageId, LabelKind, LabelSource, ProjectId, Task
from tests.finished import make_images
from tests.integration.test_checking import classes_of

NUMBERS = itertools.count()


def say(
    graft: Graft,
    project: ProjectId,
    who: str,
    image: ImageId,
    value: LabelValue,
    source: LabelSource = LabelSource.HAND,
) -> None:
    event = LabelEvent(
        event_id=f"event-{next(NUMBERS)}", image_id=image, kind=LabelKind.SET, value=value, annotator=who, source=source
    )
    assert not graft.labelling.record(project, [event]).rejected


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
