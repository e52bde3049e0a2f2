"""Who labelled, and how far they agree, is kept with a run as it was when its dataset version was frozen."""

import json
import sqlite3

import pytest

from core.graft import Graft, open_graft
from core.labels import LabelValue
from core.services.verifying import Finding
from core.store import versions
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.snapshot import FILE
from core.types import ClassId, ImageId, JsonObject, ProjectId, RunId, Split, Task, VersionId
from tests.finished import keep, make_images, make_run, make_version
from tests.integration.test_agreement import say, take_back
from tests.integration.test_checking import classes_of

WHOLE = 12


class Read:
    """Twelve leaves that Anna and Ben both labelled, the first one differently, and a run about them."""

    def __init__(self, graft: Graft) -> None:
        self.graft = graft
        self.project: ProjectId = graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust", "mould"])
        self.images: list[ImageId] = make_images(graft, self.project, WHOLE)
        self.classes: list[ClassId] = classes_of(graft, self.project)
        for n, image in enumerate(self.images):
            say(graft, self.project, "Ben", image, LabelValue(classes=(self.classes[n % 2 if n else 1],)))
            say(graft, self.project, "Anna", image, LabelValue(classes=(self.classes[n % 2],)))
        self.run = self.train()

    def freeze(self) -> VersionId:
        return make_version(self.graft, self.project, self.images, [[n % 2] for n in range(WHOLE)])

    def train(self) -> RunId:
        records = [
            PredictionRecord(image_id=image, split=Split.TEST, truth_index=n % 2, predicted_index=n % 2, confidence=0.9)
            for n, image in enumerate(self.images)
        ]
        return keep(self.graft, make_run(self.graft, self.freeze(), self.project, records))

    def told(self, run: RunId | None = None) -> JsonObject:
        found = self.graft.results.to_json(run or self.run)["labelling"]
        assert isinstance(found, dict)
        return found

    def findings(self, run: RunId | None = None) -> dict[str, Finding]:
        return {item.name: item for item in self.graft.results.verify(run or self.run).findings}


@pytest.fixture
def read(graft: Graft) -> Read:
    return Read(graft)


def people(told: JsonObject) -> set[tuple[object, ...]]:
    found = told["people"]
    assert isinstance(found, list)
    return {tuple(item.values()) for item in found if isinstance(item, dict)}


def test_who_labelled_and_how_far_they_agree_is_in_the_snapshot_of_a_run(read: Read) -> None:
    told = read.told()
    assert people(told) == {("Anna", "hand", 12), ("Ben", "hand", 12)}
    agreement = told["agreement"]
    assert isinstance(agreement, dict) and agreement["pictures"] == 12
    assert (agreement["differing"], agreement["settled"]) == (1, 0)
    # Ben: 5 healthy, 7 rust; Anna: 6 and 6. Same on 11 of 12; by chance (5 x 6 + 7 x 6) / 144 = 1/2: kappa 5/6.
    (pair,) = agreement["pairs"]  # type: ignore[misc]
    assert pair["same"] == pytest.approx(11 / 12) and pair["kappa"][0] == pytest.approx(5 / 6)  # type: ignore[call-overload, index]
    # 24 values, 11 and 13: of 11 x 13 x 2 = 286 ordered pairs that differ, over 23, against the 2 of one picture.
    assert agreement["alpha"][0] == pytest.approx(1 - 2 / (286 / 23))  # type: ignore[index]
    assert read.graft.results.verify(read.run).ok
    assert read.findings()["Who labelled"].words == "2 numbers recomputed: all agree"


def test_the_report_tells_it_from_there(graft: Graft, read: Read) -> None:
    text = graft.reports.html(read.run)
    assert "<tr><th>Ben</th><td>by hand</td><td class=n>12</td></tr>" in text and "by 2 annotators " in text
    assert "12 pictures were labelled by two or more of Anna, Ben." in text
    assert "Anna and Ben: the same answer on 92% of 12 pictures; Cohen&#x27;s kappa 0.83" in text
    assert "They differed on 1 picture, of which 0 were looked at again." in text


def test_what_is_labelled_later_changes_nothing_of_it(graft: Graft, read: Read) -> None:
    before = read.told()
    for image in read.images:
        say(graft, read.project, "Eve", image, LabelValue(classes=(read.classes[0],)))
    graft.labelling.confirm(read.project, [read.images[0]], annotator="Anna")
    graft.classes.merge(read.project, read.classes[1], read.classes[0])
    assert read.told() == before and graft.results.verify(read.run).ok


def test_a_new_version_of_equal_content_knows_who_else_said_the_same(graft: Graft, read: Read) -> None:
    first = read.told()
    for n, image in enumerate(read.images):
        say(graft, read.project, "Eve", image, LabelValue(classes=(read.classes[n % 2],)))
    again = read.train()
    with reading(graft.engine) as session:
        assert len(versions.list_numbers(session, read.project)) == 1
    assert people(read.told(again)) - people(first) == {("Eve", "hand", 12)}
    assert read.told() == first and graft.results.verify(read.run).ok and graft.results.verify(again).ok


def test_classes_that_were_one_then_are_one_in_it(graft: Graft, read: Read) -> None:
    graft.classes.merge(read.project, read.classes[1], read.classes[0])
    run = read.train()
    agreement = read.told(run)["agreement"]
    assert isinstance(agreement, dict) and agreement["differing"] == 0
    assert "They never differed." in graft.reports.html(run)
    graft.classes.bring_back(read.project, read.classes[1])
    assert graft.results.verify(run).ok


def test_what_somebody_takes_back_later_changes_nothing_and_counts_no_more_from_then_on(
    graft: Graft, read: Read
) -> None:
    first = read.told()
    say(graft, read.project, "Eve", read.images[0], LabelValue(classes=(read.classes[0],)))
    take_back(graft, read.project, "Eve", read.images[0])
    for image in read.images:
        take_back(graft, read.project, "Anna", image)
    again = read.train()
    assert read.told() == first and graft.results.verify(read.run).ok
    assert people(read.told(again)) == {("Ben", "hand", 12)} and graft.results.verify(again).ok


@pytest.mark.parametrize(
    ("statement", "noticed"),
    [
        ("UPDATE label_event SET annotator_id = 1 WHERE id % 3 = 0", {"Who labelled", "Agreement"}),
        ("UPDATE label_event SET source = 'import' WHERE id = 4", {"Who labelled", "Agreement"}),
        ("UPDATE label_event SET value = (SELECT value FROM label_event WHERE id = 2) WHERE id = 4", {"Agreement"}),
    ],
)
def test_a_changed_label_event_is_noticed(graft: Graft, read: Read, statement: str, noticed: set[str]) -> None:
    with sqlite3.connect(graft.settings.home / "graft.db") as database:
        assert database.execute(statement).rowcount > 0
    assert {name for name, item in read.findings().items() if not item.ok} == noticed


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (lambda told: told["people"][0].update(pictures=13), "Who labelled"),
        (lambda told: told["agreement"]["alpha"].__setitem__(1, 0.99), "Agreement"),
        (lambda told: told["agreement"].update(settled=1), "Agreement"),
    ],
)
def test_a_number_made_prettier_in_the_snapshot_is_noticed(graft: Graft, read: Read, change, noticed: str) -> None:  # type: ignore[no-untyped-def]
    path = graft.settings.models / str(read.run) / FILE
    kept = json.loads(path.read_bytes())
    change(kept["labelling"])
    path.write_text(json.dumps(kept))
    assert {name for name, item in read.findings().items() if not item.ok} == {"Snapshot", noticed}


def test_a_home_of_the_graft_before_says_that_it_was_not_recorded(graft: Graft, read: Read) -> None:
    with sqlite3.connect(graft.settings.home / "graft.db") as database:
        database.execute("ALTER TABLE dataset_version DROP COLUMN labelling")
        database.execute("ALTER TABLE import_item DROP COLUMN relabelled")
        for later in ("lasting", "libraries", "claimed_at", "worked_s"):
            database.execute(f"ALTER TABLE run DROP COLUMN {later}")
        database.execute("UPDATE alembic_version SET version_num = '0004_circles'")
    graft = read.graft = open_graft(graft.settings)
    run = keep(graft, read.run)
    assert graft.results.to_json(run)["labelling"] is None
    assert graft.results.verify(run).ok and "not recorded" in read.findings()["Who labelled"].words
    text = graft.reports.html(run)
    assert text.count("Not recorded: this training is from before") == 2 and "unknown number of annotators" in text


def test_a_snapshot_from_before_is_opened_as_it_is(graft: Graft, read: Read) -> None:
    """As an older Graft wrote it: without a word on labelling."""
    path = graft.settings.models / str(read.run) / FILE
    kept = json.loads(path.read_bytes())
    del kept["labelling"]
    path.write_text(json.dumps(kept))
    found = read.findings()
    assert found["Figures"].ok and found["Who labelled"].ok and "not recorded" in found["Who labelled"].words
    assert "Agreement" not in found
