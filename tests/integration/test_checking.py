"""A project's check from its start to its findings, and a model's robustness card."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from app.cli import build
from core.checks import probe
from core.errors import BadInput, NotFound
from core.graft import Graft
from core.labels import LabelValue
from core.media import BlobStore, prepare
from core.services.serving import Serving
from core.settings import Settings
from core.store import current, images, projects, runs, versions
from core.store.db import reading, writing
from core.store.decisions import read_decisions
from core.store.images import NewImage
from core.store.label_rebuild import rebuild_labels
from core.store.predictions import PredictionRecord
from core.store.tables import LabelRow
from core.store.versions import VersionItem
from core.types import ImageId, JsonValue, ProjectId, RunId, Split, Task
from tests.at_once import complete, finish
from tests.finished import label, make_run, make_version
from tests.made_models import model_of
from tests.unit.test_checks import bordered, saved, scene
from tests.unit.test_media import encoded

NOW = datetime.now(UTC)


def add(
    graft: Graft,
    project: ProjectId,
    pictures: Sequence[Image.Image],
    *,
    cases: Sequence[str | None] = (),
    splits: Sequence[Split | None] = (),
    start: int = 0,
) -> list[ImageId]:
    """The pictures, stored and named 0.png and on."""
    store, found = BlobStore(graft.settings), []
    with writing(graft.engine) as session:
        for index, picture in enumerate(pictures):
            ready = prepare(encoded(picture, "PNG"), "a.png")
            new = NewImage(
                sha256=ready.sha256, blob=store.put(ready.content), phash=ready.phash, format=ready.format,
                width=ready.width, height=ready.height, size_bytes=len(ready.content),
                original_name=f"{start + index}.png", extra={}, case_name=cases[index] if cases else None,
                split=splits[index] if splits else None,
            )  # fmt: skip
            found.append(images.create_image(session, project, new, now=NOW))
    return found


def classes_of(graft: Graft, project: ProjectId) -> list[Any]:
    return [item.id for item in graft.projects.read(project).classes]


def checked(graft: Graft, project: ProjectId) -> dict[str, Any]:
    """The result of a check, run here."""
    return dict(complete(graft, graft.checks.start(project)).result or {})


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check grows a thousand trees; a fifth of them sees these pictures as well."""
    monkeypatch.setattr(probe, "TREES", 20)


@pytest.fixture
def leaves(graft: Graft) -> ProjectId:
    return graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust", "mildew"])


def test_five_pictures_are_checked_for_what_five_can_tell_and_the_rest_is_said(graft: Graft, leaves: ProjectId) -> None:
    picture = scene(1)
    found = add(graft, leaves, [picture, scene(2), scene(3), scene(4), saved(picture, 0.6, 70)],
                splits=[Split.TRAIN, Split.TRAIN, None, None, Split.TEST])  # fmt: skip
    first, second, _ = classes_of(graft, leaves)
    label(graft, leaves, {found[0]: LabelValue(classes=(first,)), found[4]: LabelValue(classes=(second,))})
    result = checked(graft, leaves)
    assert result["near_duplicates"] == result["conflicts"] == [["0.png", "4.png"]]
    (pair,) = result["pairs"]
    assert (pair["splits"], pair["labels"]) == (["train", "test"], ["healthy", "rust"])
    assert [(item["kind"], item["names"]) for item in result["leaks"]] == [("near_duplicate", ["0.png", "4.png"])]
    assert result["shortcuts"] == [] and result["label_errors"] == []
    assert sum("Not enough pictures" in note for note in result["notes"]) == 3


def test_a_pair_that_was_mended_or_deleted_is_gone_and_comes_back_with_the_picture(
    graft: Graft, leaves: ProjectId
) -> None:
    found = add(graft, leaves, [scene(1), saved(scene(1), 0.5, 80)])
    first, second, _ = classes_of(graft, leaves)
    label(graft, leaves, {found[0]: LabelValue(classes=(first,)), found[1]: LabelValue(classes=(second,))})
    checked(graft, leaves)

    def pairs() -> list[bool]:
        view = graft.checks.newest_findings(leaves)
        assert view is not None
        return [pair.conflict for pair in view.pairs]

    assert pairs() == [True]
    label(graft, leaves, {found[1]: LabelValue(classes=(first,))})
    assert pairs() == [False]
    graft.gallery.delete(leaves, [found[1]])
    assert pairs() == []
    graft.gallery.restore(leaves, [found[1]])
    assert pairs() == [False]


def test_pairs_that_a_list_has_no_room_for_are_counted(
    graft: Graft, leaves: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.tasks.check.MOST", 2)
    same = [scene(1), saved(scene(1), 0.5, 80), saved(scene(1), 0.6, 80), saved(scene(1), 0.7, 80)]
    add(graft, leaves, same, splits=[Split.TRAIN, Split.TRAIN, Split.TEST, Split.TEST])
    checked(graft, leaves)
    view = graft.checks.newest_findings(leaves)
    assert view is not None and len(view.pairs) == 2
    assert (view.same, view.crossing, view.conflicting) == (6, 4, 0)
    assert any(sentence.startswith("6 pairs of pictures") for sentence in view.sentences)


def test_of_copies_the_labelled_the_tested_and_the_largest_stays_and_no_label_is_lost(
    graft: Graft, leaves: ProjectId
) -> None:
    copies = [[saved(scene(seed), share, 80) for share in (0.5, 0.8, 0.6)] for seed in range(4)]
    same = [picture for some in copies for picture in some]
    small, test, train = None, Split.TEST, Split.TRAIN
    found = add(graft, leaves, same, splits=[small, small, small, train, train, test, train, train, test, *[small] * 3])
    first, second, _ = classes_of(graft, leaves)
    labelled = {found[6]: first, found[9]: first, found[10]: first, found[11]: second}
    label(graft, leaves, {image: LabelValue(classes=(known,)) for image, known in labelled.items()})
    run = graft.checks.start(leaves)
    complete(graft, run)
    largest, tested, told, agreeing = [found[0], found[2]], [found[3], found[4]], [found[7], found[8]], [found[9]]
    assert set(graft.checks.spare_copies(run)) == {*largest, *tested, *told, *agreeing}
    label(graft, leaves, {found[0]: LabelValue(classes=(first,)), found[11]: LabelValue(classes=(first,))})
    assert set(graft.checks.spare_copies(run)) == {found[2], *tested, *told, *agreeing, found[11]}
    graft.gallery.delete(leaves, [found[1], found[9]])
    assert set(graft.checks.spare_copies(run)) == {*tested, *told, found[11]}
    with pytest.raises(NotFound, match="not a finished check"):
        graft.checks.spare_copies(graft.checks.start(leaves))


@pytest.mark.parametrize("tag", [True, False])
def test_a_tag_is_flagged_with_its_class_and_without_it_nothing_is_suspicious(
    graft: Graft, leaves: ProjectId, tag: bool
) -> None:
    found = add(graft, leaves, [bordered(tag, index) for index in range(60)])
    known = classes_of(graft, leaves)
    label(graft, leaves, {image: LabelValue(classes=(known[index % 3],)) for index, image in enumerate(found)})
    result = checked(graft, leaves)
    borders, file = result["shortcuts"]
    assert (borders["probe"], borders["flagged"], borders["given_away"]) == ("borders", tag, ["healthy"] * tag)
    assert set(borders) >= {"probe", "score", "interval", "chance", "flagged"} and file["probe"] == "file"
    view = graft.checks.newest_findings(leaves)
    assert view is not None and view.suspicious is tag and bool(view.grave) is tag


def test_a_case_in_two_splits_is_a_leak_and_one_class_alone_is_no_reason_to_fail(
    graft: Graft, leaves: ProjectId
) -> None:
    cases = ["plant 1", "plant 1", "plant 2"]
    found = add(graft, leaves, [scene(n) for n in range(3)], cases=cases, splits=[Split.TRAIN, Split.TEST, Split.TEST])
    label(graft, leaves, {image: LabelValue(classes=(classes_of(graft, leaves)[0],)) for image in found})
    (leak,) = checked(graft, leaves)["leaks"]
    assert (leak["kind"], leak["name"], leak["splits"]) == ("case", "plant 1", ["train", "test"])
    view = graft.checks.newest_findings(leaves)
    assert view is not None and "1 case in several splits." in view.grave


def test_wrong_labels_are_doubted_and_a_tested_one_stays_as_it_is(graft: Graft, leaves: ProjectId) -> None:
    colours = ["#d02020", "#20a020", "#2040d0"]
    pictures = [Image.blend(scene(n, (64, 64)), Image.new("RGB", (64, 64), colours[n % 3]), 0.8) for n in range(60)]
    found = add(graft, leaves, pictures, splits=[Split.TEST] * 60, cases=[f"plant {n // 3}" for n in range(60)])
    known = classes_of(graft, leaves)
    truth = [n % 3 for n in range(60)]
    truth[7] = 2
    label(graft, leaves, {image: LabelValue(classes=(known[k],)) for image, k in zip(found, truth, strict=True)})
    result = checked(graft, leaves)
    (doubt,) = result["label_errors"]
    assert (doubt["name"], doubt["given"], doubt["suggested"], doubt["split"]) == ("7.png", "mildew", "rust", "test")
    assert [item["kept"] for item in result["splitting"]["scores"]] == ["pictures", "cases"]
    assert graft.gallery.page(leaves, graft_filter(known[2])).pictures[2].name == "7.png", "nobody relabelled it"


def test_a_label_found_right_is_not_doubted_again_until_it_is_changed(graft: Graft, leaves: ProjectId) -> None:
    colours = ["#d02020", "#20a020", "#2040d0"]
    pictures = [Image.blend(scene(n, (64, 64)), Image.new("RGB", (64, 64), colours[n % 3]), 0.8) for n in range(45)]
    found = add(graft, leaves, pictures)
    known = classes_of(graft, leaves)
    truth = [n % 3 for n in range(45)]
    truth[7], truth[9] = 2, 1
    label(graft, leaves, {image: LabelValue(classes=(known[k],)) for image, k in zip(found, truth, strict=True)})
    assert {item["name"] for item in checked(graft, leaves)["label_errors"]} == {"7.png", "9.png"}

    def doubts() -> dict[str, str]:
        view = graft.checks.newest_findings(leaves)
        assert view is not None
        return {item.image.name: item.decided for item in view.doubts}

    assert graft.labelling.confirm(leaves, [found[7]], annotator="Anna") == 1
    assert doubts() == {"7.png": "Anna", "9.png": ""}
    view = graft.checks.newest_findings(leaves)
    assert view is not None and "1 label that may be wrong." in view.sentences
    label(graft, leaves, {found[9]: LabelValue(classes=(known[0],))})
    assert doubts() == {"7.png": "Anna"}, "one that was mended is gone"
    assert checked(graft, leaves)["label_errors"] == []
    with reading(graft.engine) as session:
        version = current.read_current(session, [found[7]])[found[7]]
    assert version.classes == (known[2],), "it still counts as labelled"

    label(graft, leaves, {found[7]: LabelValue(classes=(known[0],))})
    label(graft, leaves, {found[7]: LabelValue(classes=(known[1],))})
    assert [item["name"] for item in checked(graft, leaves)["label_errors"]] == [], "what is right is not doubted"


def test_a_picture_without_a_label_cannot_be_found_right(graft: Graft, leaves: ProjectId) -> None:
    assert graft.labelling.confirm(leaves, add(graft, leaves, [scene(1)]), annotator="Anna") == 0


def test_that_no_class_is_there_can_be_found_right(graft: Graft) -> None:
    several = graft.projects.create_from_names("Stresses", Task.MULTI, ["rust", "mildew"])
    (image,) = add(graft, several, [scene(1)])
    label(graft, several, {image: LabelValue()})
    assert graft.labelling.confirm(several, [image], annotator="Anna") == 1
    with reading(graft.engine) as session:
        decided = read_decisions(session, graft.projects.read(several), {image: ((), None)})
    assert decided[image].annotator == "Anna"


def test_labels_made_anew_from_the_events_are_the_same_after_one_was_found_right(
    graft: Graft, leaves: ProjectId
) -> None:
    (image,) = add(graft, leaves, [scene(1)])
    label(graft, leaves, {image: LabelValue(classes=(classes_of(graft, leaves)[1],))})
    graft.labelling.confirm(leaves, [image], annotator="Anna")

    def rows() -> list[tuple[Any, ...]]:
        with reading(graft.engine) as session:
            return [(r.annotator_id, r.state, r.value) for r in session.query(LabelRow).order_by(LabelRow.annotator_id)]

    before = rows()
    assert len(before) == 2, "Anna stands by it, too"
    with writing(graft.engine) as session:
        rebuild_labels(session, projects.read_project(session, leaves))
    assert rows() == before


def test_answers_fold_by_fold_are_taken_before_the_head_s_and_doubt_test_pictures_too(
    graft: Graft, leaves: ProjectId
) -> None:
    found = add(graft, leaves, [scene(n, (48, 48)) for n in range(24)], splits=[Split.TEST] * 4 + [Split.TRAIN] * 20)
    known = classes_of(graft, leaves)
    truth = [n % 2 for n in range(24)]
    label(graft, leaves, {image: LabelValue(classes=(known[k],)) for image, k in zip(found, truth, strict=True)})
    said = [[0.1, 0.9, 0.0] if k else [0.9, 0.1, 0.0] for k in truth]
    said[2], said[11] = [0.05, 0.95, 0.0], [0.85, 0.15, 0.0]
    records = [
        PredictionRecord(image_id=image, split=Split.TEST if n < 4 else Split.VALIDATION, truth_index=truth[n],
                         predicted_index=int(said[n][1] > 0.5), probabilities=said[n])
        for n, image in enumerate(found)
    ]  # fmt: skip
    run = make_run(graft, make_version(graft, leaves, found, [[k] for k in truth]), leaves, records)
    alone = [note for note in checked(graft, leaves)["notes"] if "wrong too often" in note]
    assert alone and alone[0].endswith("start one on the page Train, then check again.")
    with writing(graft.engine) as session:
        session.get_one(runs.RunRow, run).payload = {"folds": 5}
    result = checked(graft, leaves)
    assert not [note for note in result["notes"] if "wrong too often" in note], "the folds judge all of them"
    first, second = result["label_errors"]
    assert (first["name"], first["given"], first["suggested"], first["split"]) == ("2.png", "healthy", "rust", "test")
    assert first["source"] == f"run {run}, fold by fold, of 24 pictures" and second["name"] == "11.png"
    assert second["margin"] == pytest.approx(0.7)


def test_cross_validations_that_do_not_count_are_named_and_all_pictures_come_before_some(
    graft: Graft, leaves: ProjectId
) -> None:
    found = add(graft, leaves, [scene(n, (48, 48)) for n in range(24)], splits=[Split.TRAIN] * 24)
    known, truth = classes_of(graft, leaves), [n % 2 for n in range(24)]
    label(graft, leaves, {image: LabelValue(classes=(known[k],)) for image, k in zip(found, truth, strict=True)})
    items = [
        VersionItem(image_id=image, blob="", split=Split.TRAIN, targets=(k,), number=None, case_name=None,
                    group_name=None) for image, k in zip(found, truth, strict=True)
    ]  # fmt: skip
    classes = [{"id": item.id, "name": item.name} for item in graft.projects.read(leaves).classes]
    with writing(graft.engine) as session:
        version = versions.create_version(
            session, leaves, task=Task.SINGLE, split_rule="", items=items, now=NOW, classes=classes
        )

    def validated(wrong: Sequence[int], judged: Sequence[int], **payload: JsonValue) -> RunId:
        said = [k ^ (n in wrong) for n, k in enumerate(truth)]
        records = [
            PredictionRecord(image_id=found[n], split=Split.VALIDATION, truth_index=truth[n], predicted_index=said[n],
                             probabilities=[[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]][said[n]]) for n in judged
        ]  # fmt: skip
        run = make_run(graft, version, leaves, records)
        with writing(graft.engine) as session:
            session.get_one(runs.RunRow, run).payload = {"folds": 5, **payload}
        return run

    def told() -> tuple[list[tuple[str, str]], list[str]]:
        result = checked(graft, leaves)
        doubts = [(item["name"], item["source"]) for item in result["label_errors"]]
        return doubts, [note for note in result["notes"] if "wrong too often" in note]

    weak = validated(range(12), range(24))
    doubts, notes = told()
    assert doubts == [] and notes[0].startswith(f"No label was doubted by run {weak}, fold by fold, of 24 pictures: ")
    assert not any("cross-validation judges better" in note for note in notes), "there is one"
    good = validated([3], range(24))
    assert told()[0] == [("3.png", f"run {good}, fold by fold, of 24 pictures")]
    some = validated([6], range(12), shuffle=True)
    assert told()[0] == [("3.png", f"run {good}, fold by fold, of 24 pictures")], "it judged all, the newer one some"
    weak = validated(range(12), range(24))
    doubts, notes = told()
    assert doubts == [] and f"run {weak}," in notes[0], "of those that judged all the newest counts"
    more = validated([6], range(12), shuffle=True)
    assert told()[0] == [("6.png", f"run {more}, on random parts, of 12 pictures")] and more > some


def test_of_several_classes_each_is_doubted_by_itself(graft: Graft) -> None:
    project = graft.projects.create_from_names("Several", Task.MULTI, ["miner", "rust", "mould"])
    found = add(graft, project, [scene(n, (48, 48)) for n in range(12)])
    known = classes_of(graft, project)
    there = [[n % 2 == 0, n % 3 == 0, n == 11] for n in range(12)]
    there[4][1] = True  # is there for the expert, not for the folds
    label(graft, project, {
        image: LabelValue(classes=tuple(k for k, own in zip(known, row, strict=True) if own))
        for image, row in zip(found, there, strict=True)
    })  # fmt: skip
    truth = [[k for k in range(3) if row[k]] for row in there]
    shares = [[0.95 if n % 2 == 0 else 0.05, 0.9 if n % 3 == 0 else 0.2, 0.1] for n in range(12)]
    records = [
        PredictionRecord(image_id=image, split=Split.VALIDATION, truth_set=own, predicted_set=own, probabilities=said)
        for image, own, said in zip(found, truth, shares, strict=True)
    ]
    run = make_run(graft, make_version(graft, project, found, truth), project, records)
    with writing(graft.engine) as session:
        session.get_one(runs.RunRow, run).payload = {"folds": 5}
    (only,) = checked(graft, project)["label_errors"]
    # Mould is not told from nothing: the folds say no of all twelve, which doubts nobody's label.
    assert (only["name"], only["given"], only["suggested"]) == ("4.png", "miner and rust", "miner")
    assert only["margin"] == pytest.approx(0.6)
    (view,) = graft.checks.newest_findings(project).doubts  # type: ignore[union-attr]
    assert view.given == "miner and rust", "as the label stands"


def graft_filter(class_id: Any) -> Any:
    from core.services.gallery import PictureFilter

    return PictureFilter(class_id=class_id)


@pytest.mark.parametrize("task", [Task.MULTI, Task.REGRESSION, Task.ORDINAL])
def test_every_kind_of_label_can_be_checked(graft: Graft, task: Task) -> None:
    names = [] if task is Task.REGRESSION else ["a", "b"]
    project = graft.projects.create_from_names("Others", task, names)
    found = add(graft, project, [scene(n, (48, 48)) for n in range(24)])
    known = classes_of(graft, project)
    values = [
        LabelValue(number=float(n))
        if task is Task.REGRESSION
        else LabelValue(classes=tuple(known) if task is Task.MULTI and n % 2 else (known[n % 2],))
        for n in range(24)
    ]
    label(graft, project, dict(zip(found, values, strict=True)))
    result = checked(graft, project)
    assert (result["pictures"], result["labelled"], result["near_duplicates"]) == (24, 24, [])


def test_a_project_without_pictures_cannot_be_checked_and_a_waiting_check_is_not_doubled(
    graft: Graft, leaves: ProjectId
) -> None:
    with pytest.raises(BadInput, match="no pictures"):
        graft.checks.start(leaves)
    add(graft, leaves, [scene(1)])
    assert graft.checks.newest_findings(leaves) is None
    run = graft.checks.start(leaves)
    assert graft.checks.start(leaves) == run
    with pytest.raises(NotFound):
        graft.checks.read(run)


def test_the_command_prints_pairs_as_json_and_words(
    graft: Graft, leaves: ProjectId, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    add(graft, leaves, [scene(1), saved(scene(1), 0.5, 80), scene(2)])
    home = ["--home", str(settings.home)]
    done = CliRunner().invoke(build(), ["check", "Leaves", "--json", *home])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["near_duplicates"] == [["0.png", "1.png"]]
    told = CliRunner().invoke(build(), ["check", "Leaves", *home]).stdout
    assert "1 pair of pictures that look like one picture." in told and "0.png (-) and 1.png (-)" in told
    graft.gallery.delete(leaves, [graft.gallery.page(leaves, graft_filter(None)).pictures[1].id])
    told = CliRunner().invoke(build(), ["check", "Leaves", *home]).stdout
    assert told.startswith("Nothing suspicious found in 2 pictures, as far as it could be judged.")


def test_the_robustness_card_starts_at_the_model_s_own_answers(graft: Graft, leaves: ProjectId) -> None:
    from tests.finished import make_version

    found = add(graft, leaves, [scene(n, (64, 64)) for n in range(8)])
    label(graft, leaves, {image: LabelValue(classes=(classes_of(graft, leaves)[0],)) for image in found})
    model = model_of(graft, leaves)
    version = make_version(graft, leaves, found, [[0]] * 8)
    with writing(graft.engine) as session:
        row = session.get_one(runs.RunRow, model)
        row.version_id = version
    result = complete(graft, graft.robustness.start(model)).result or {}
    assert result["pictures"] == 8 and len(result["kinds"]) == 9 and result["kinds"][1]["kind"] == "crop"
    for kind in result["kinds"]:
        assert len(kind["right"]) == len(kind["changed"]) == 6
        assert kind["changed"][0] == 0 and kind["right"][0] == result["kinds"][0]["right"][0]
    latest = graft.robustness.latest(model)
    assert latest is not None
    view = graft.robustness.view(latest)
    assert view is not None and view.flips == result["kinds"][0]["changed"][1]


@pytest.mark.parametrize("task", [Task.REGRESSION, Task.ORDINAL])
def test_of_numbers_and_grades_it_is_told_how_far_they_move(graft: Graft, task: Task) -> None:
    project = graft.projects.create_from_names("Others", task, [] if task is Task.REGRESSION else ["a", "b", "c"])
    found = add(graft, project, [scene(n, (64, 64)) for n in range(12)])
    model = model_of(graft, project, task=task)
    numbers = task is Task.REGRESSION
    version = make_version(graft, project, found, [[] if numbers else [0]] * 12, [10.0] * 12 if numbers else [])
    with writing(graft.engine) as session:
        session.get_one(runs.RunRow, model).version_id = version
    result = complete(graft, graft.robustness.start(model)).result or {}
    last = graft.robustness.latest(model)
    assert last is not None
    view = graft.robustness.view(last)
    assert view is not None and view.numbers is numbers and bool(view.moved) is not numbers
    noise = next(item for item in result["kinds"] if item["kind"] == "noise")
    assert noise["changed"][0] == 0
    if numbers:
        assert noise["changed"][5] > 0
        line = next(item for item in view.lines if item.title == "Noisy")
        assert line.right == tuple(noise["right"]) and all(a < b for a, b in zip(line.low, line.high, strict=True))
    else:
        steps = [pair for kind in result["kinds"] for pair in zip(kind["moved"], kind["changed"], strict=True)]
        assert len(steps) == 54 and all(grades >= share and (grades > 0) == (share > 0) for grades, share in steps)
