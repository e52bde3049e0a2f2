"""Promises, decisions, abstaining and weak spots of finished runs, and what predictions make of them."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from core.catalogue import ModelCard
from core.errors import NotEnoughImages
from core.graft import Graft
from core.jobs.payloads import PredictPayload, TrainPayload
from core.services.results_judging import Use
from core.store import images, predictions, versions
from core.store.db import writing
from core.store.images import NewImage
from core.store.predictions import PredictionRecord
from core.store.versions import VersionItem
from core.types import ImageId, JsonObject, ProjectId, RunId, Split, Task
from tests.finished import end, make_run

NAMES = ("healthy", "rust", "blight")


class Field:
    """A project with 40 validation and 40 test pictures of two classes, a group by the place, a column in the table."""

    def __init__(
        self,
        graft: Graft,
        *,
        each: int = 40,
        names: Sequence[str] = NAMES,
        case: int = 0,
        south: int = 0,
        called: str = "Field",
        third: Sequence[int] = (),
        group: int = 0,
    ) -> None:
        self.graft = graft
        self.project = graft.projects.create_from_names(called, Task.SINGLE, names)
        self.items: list[VersionItem] = []
        places = {True: "south", False: "north"} if south else {False: None}
        with writing(graft.engine) as session:
            for index in range(2 * each):
                dark = index % each >= each // 2
                extra: JsonObject = {"camera": "old" if dark else "new"}
                place = f"field {index // group}" if group else places[index % each < south]
                image = images.create_image(
                    session,
                    self.project,
                    NewImage(
                        sha256=f"{index}", blob=f"{index:064d}", phash="", format="png", width=200,
                        height=100 + index * 37 % 80, size_bytes=1, original_name=f"{index}.png", extra=extra,
                        case_name=f"case {index // case}" if case else None, group_name=place,
                    ),
                    now=datetime.now(UTC),
                )  # fmt: skip
                split = Split.VALIDATION if index < each else Split.TEST
                self.items.append(
                    VersionItem(
                        image_id=image, blob=f"{index:064d}", split=split,
                        targets=(2 if index in third else index % 2,), number=None, case_name=None, group_name=None,
                    )
                )  # fmt: skip
            view = graft.projects.read(self.project)
            self.version = versions.create_version(
                session, self.project, task=Task.SINGLE, split_rule="halves", items=self.items,
                now=datetime.now(UTC), classes=[{"id": item.id, "name": item.name} for item in view.classes],
            )  # fmt: skip

    def run(
        self,
        sure: Sequence[float],
        *,
        wrong: Sequence[int] = (),
        traits: Sequence[JsonObject] = (),
        kept: str = "case",
    ) -> RunId:
        """A run that says the truth with these certainties, but for the pictures `wrong`, named as the other class.

        `kept` is what its folds did not cut through.
        """
        records = []
        for index, (item, share) in enumerate(zip(self.items, sure, strict=True)):
            said = item.targets[0] if index not in wrong else 1 - item.targets[0]
            shares = [0.0] * len(NAMES)
            shares[said], shares[1 - said], shares[2] = share, (1 - share) * 0.9, (1 - share) * 0.1
            records.append(
                PredictionRecord(
                    image_id=item.image_id, split=item.split, blob=item.blob, truth_index=item.targets[0],
                    predicted_index=said, confidence=share, probabilities=shares,
                    traits=traits[index] if traits else {"far": 0.5, "sharp": 1.0, "light": 120.0 + index % 7},
                )
            )  # fmt: skip
        return make_run(self.graft, self.version, self.project, records, payload={"keep_together": kept})


@pytest.fixture
def field(graft: Graft) -> Field:
    return Field(graft)


def steps(count: int) -> list[float]:
    """Certainties from 0.6 to 0.999, the same in both halves."""
    return [*np.linspace(0.6, 0.999, count // 2), *np.linspace(0.6, 0.999, count // 2)]


def test_a_promise_is_fitted_on_validation_and_checked_on_test(graft: Graft, field: Field) -> None:
    sure = steps(80)
    promise, lines = graft.judging.promise(field.run(sure), 0.9)
    # 40 scores 1 - p: rank ceil(41 x 0.9) = 37 of them from below, the fourth largest.
    assert promise.rules[0].limits[0] == pytest.approx(sorted(1 - np.array(sure[:40]))[36])
    assert (promise.possible, promise.basis, promise.count, promise.needed) == (True, "pictures", 40, 9)
    assert [line.name for line in lines] == ["", "healthy", "rust"] and lines[0].kept.count == 40
    assert lines[0].kept.covered.value == 1.0, "what is said is always in its set"
    strict, _ = graft.judging.promise(field.run(sure), 0.99)
    assert not strict.possible and strict.needed == 99


def test_a_class_without_pictures_is_told_and_never_ruled_out(graft: Graft, field: Field) -> None:
    promise, lines = graft.judging.promise(field.run(steps(80)), 0.9, "class")
    assert promise.untold == ("blight",) and lines[0].kept.size >= 2


def test_too_few_cases_promise_only_to_pictures_of_the_same_cases(graft: Graft) -> None:
    few = Field(graft, case=10)
    promise, _ = graft.judging.promise(few.run(steps(80)), 0.9)
    assert (promise.basis, promise.count, promise.possible) == ("pictures", 40, True)
    with_less, _ = graft.judging.promise(few.run(steps(80)), 0.75)
    assert (with_less.basis, with_less.count) == ("cases", 4)


def test_not_answering_is_told_by_reason_and_leads_to_the_pictures(graft: Graft, field: Field) -> None:
    ordinary: JsonObject = {"far": 0.5, "sharp": 1.0, "light": 120.0}
    traits = [dict(ordinary) for _ in range(80)]
    traits[40]["far"], traits[41]["sharp"], traits[42]["light"] = 1.3, 0.01, 3.0
    sure = [*np.linspace(0.4, 0.999, 40), *[0.999] * 39, 0.45]
    run = field.run(sure, wrong=[79], traits=traits)
    found = graft.judging.abstaining(run, 0.9)
    by_key = {line.key: line for line in found.reasons}
    assert {key: len(line.images) for key, line in by_key.items()} == {
        "unsure": 1,
        "strange": 1,
        "blurred": 1,
        "dark": 1,
    }
    assert found.answered.value == pytest.approx(36 / 40) and found.notes == ()
    assert found.right is not None and found.right.value == 1.0
    assert found.all_right is not None and found.all_right.value == pytest.approx(39 / 40)
    assert by_key["unsure"].right is not None and by_key["unsure"].right.value == 0.0
    assert found.curve[-1].share == 1.0 and found.curve[0].right.value == 1.0
    (picture,) = graft.judging.behind(run, by_key["strange"].images)
    assert picture.image_id == field.items[40].image_id


def test_an_older_run_says_what_it_lacks(graft: Graft, field: Field) -> None:
    run = field.run(steps(80), traits=[{} for _ in range(80)])
    (note,) = graft.judging.abstaining(run).notes
    assert "train again" in note


def test_a_decision_says_what_is_found_and_missed_and_shows_them(graft: Graft, field: Field) -> None:
    run = field.run([0.9] * 80, wrong=[41, 43, 45, 47, 40, 42])
    found = graft.judging.decision(run, 1, Use(prevalence=0.05, miss=1.0))
    assert found.what == "rust" and found.usual == 0.5 and found.decided is not None
    assert found.decided.threshold == pytest.approx(0.95, abs=0.005), "odds of 19 to 1: rust is so much rarer there"
    assert found.decided.found.value == 0, "it is never that sure"
    even = graft.judging.decision(run, 1, Use(prevalence=0.5, miss=1.0))
    assert even.decided is not None and even.decided.sensitivity.value == pytest.approx(16 / 20)
    assert even.decided.specificity.value == pytest.approx(18 / 20)
    assert (len(even.found), len(even.missed), len(even.alarms)) == (16, 4, 2)
    assert set(even.missed) == {field.items[index].image_id for index in (41, 43, 45, 47)}
    assert even.useful is not None and even.useful[0] < 0.5 < even.useful[1]


def test_a_decision_about_a_class_without_test_pictures_says_what_it_needs(graft: Graft, field: Field) -> None:
    found = graft.judging.decision(field.run([0.9] * 80), 2, Use(prevalence=0.05, miss=1.0))
    assert found.decided is None and "Not enough pictures" in found.problem and "blight" in found.problem


def test_a_decision_is_first_about_a_class_of_which_there_are_pictures_enough(graft: Graft) -> None:
    seldom = Field(graft, names=("healthy", "normal", "blight"), third=(7, 57)).run([0.9] * 80)
    assert graft.judging.usual_choice(seldom) == 0
    often = Field(graft, names=("healthy", "normal", "blight"), third=(7, 57, 58), called="More").run([0.9] * 80)
    assert graft.judging.usual_choice(often) == 2


def test_a_class_that_validation_finds_too_probable_is_acted_on_later(graft: Graft, field: Field) -> None:
    often = graft.judging.decision(field.run([0.9] * 80, wrong=range(0, 16, 2)), 1, Use(prevalence=0.5, miss=1.0))
    seldom = graft.judging.decision(field.run([0.9] * 80, wrong=range(1, 17, 2)), 1, Use(prevalence=0.5, miss=1.0))
    assert often.usual == seldom.usual == 0.5 and often.decided is not None and seldom.decided is not None
    assert often.decided.threshold > 0.6 and seldom.decided.threshold < 0.4


def test_pictures_of_one_plant_decide_nothing_and_plants_are_what_is_counted(graft: Graft) -> None:
    found = graft.judging.decision(Field(graft, case=40).run([0.9] * 80), 1, Use(prevalence=0.05, miss=1.0))
    assert found.problem == (
        "Not enough test pictures of cases: it takes 2 cases with and 2 without rust. Counted here: 1 with, 1 without."
    )


@pytest.mark.parametrize(
    ("kept", "size", "basis", "count"),
    [("case", 4, "cases", 20), ("group", 4, "groups", 10), ("group", 20, "cases", 20)],
)
def test_limits_count_whole_groups_where_folds_left_these_out(
    graft: Graft, kept: str, size: int, basis: str, count: int
) -> None:
    run = Field(graft, case=2, group=size).run(steps(80), kept=kept)
    promise, lines = graft.judging.promise(run, 0.9)
    assert (promise.sought, promise.basis, promise.count) == (f"{kept}s", basis, count)
    assert (lines[0].together, lines[0].kept.units) == ("cases", 20), "no test picture was in a fold"


def test_a_limit_for_which_there_are_too_few_groups_says_so(graft: Graft) -> None:
    field = Field(graft, case=1, group=4)
    assert graft.judging.abstaining(field.run([0.9] * 80)).notes == ()
    (note,) = graft.judging.abstaining(field.run([0.9] * 80, kept="group")).notes
    assert note == (
        "No picture is held back as not like the training pictures: that takes at least 19 groups for validation, and "
        "there are 10."
    )


def test_new_pictures_are_judged_by_the_limits_that_results_tells(graft: Graft) -> None:
    field = Field(graft, case=1, group=4)
    odd = [PredictionRecord(name="a.png", predicted_index=0, probabilities=[0.99, 0.01, 0.0], traits={"far": 9.0})]
    for kept, why in (("case", "not like the training pictures"), ("group", "")):  # which ten groups cannot tell
        model = field.run([0.9] * 80, kept=kept)
        assert graft.predictions.read(make_prediction(graft, field.project, model, odd)).items[0].why == why


def test_weak_spots_out_of_fold_count_whole_groups_where_folds_left_these_out(graft: Graft) -> None:
    field = Field(graft, case=1, group=5)
    by_case, by_group = (field.run([0.9] * 80, wrong=range(25, 40), kept=kept) for kept in ("case", "group"))
    (found, *_) = graft.judging.weak_spots(by_case, Split.VALIDATION).slices
    assert (found.attribute, found.value, found.clear) == ("Camera", "old", True)
    assert graft.judging.weak_spots(by_group, Split.VALIDATION).slices == (), "of eight fields four are too few"
    assert graft.judging.weak_spots(by_group).slices, "test pictures count by their cases"


def test_one_plant_is_told_in_the_singular(graft: Graft) -> None:
    (note,) = graft.judging.abstaining(Field(graft, case=40).run([0.9] * 80)).notes
    assert note.endswith("at least 19 cases for validation, and there is 1.")


def test_weak_spots_name_the_camera_under_which_it_errs(graft: Graft, field: Field) -> None:
    traits: list[JsonObject] = [{"sharp": 1.0, "light": 50.0 + (index * 37) % 80} for index in range(80)]
    run = field.run([0.9] * 80, wrong=range(62, 80), traits=traits)
    spots = graft.judging.weak_spots(run)
    worst = spots.slices[0]
    assert (worst.attribute, worst.value, worst.clear) == ("Camera", "old", True)
    assert worst.inside.value == pytest.approx(2 / 20) and worst.outside.value == 1.0
    assert {"Brightness", "Picture size", "Camera"} == set(spots.attributes)
    pictures = graft.judging.behind(run, tuple(spots.images[position] for position in worst.positions))
    assert len(pictures) == 20 and pictures[0].truth != pictures[0].said and pictures[-1].truth == pictures[-1].said
    assert graft.judging.weak_spots(run, Split.VALIDATION).clear == ()


def test_a_run_without_predictions_is_said_to_have_none(graft: Graft, field: Field) -> None:
    waiting = graft.queue.enqueue(TrainPayload(), project_id=field.project, version_id=field.version)
    with pytest.raises(NotEnoughImages, match="no predictions"):
        graft.judging.promise(waiting)


def make_prediction(graft: Graft, project: ProjectId, model: RunId, records: Sequence[PredictionRecord]) -> RunId:
    """A finished prediction of new pictures."""
    card = ModelCard(
        task=Task.SINGLE, classes=NAMES, class_ids=(1, 2, 3), backbone="resnet18", image_size=64, framing="squash",
        mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5),
    )  # fmt: skip
    run_id = graft.queue.enqueue(PredictPayload(model=model, source="x"), project_id=project)
    with writing(graft.engine) as session:
        predictions.save_model(session, model, files={}, card=card.to_json())
        predictions.add_predictions(session, run_id, records)
    return end(graft, run_id, result={})


def test_new_pictures_get_answers_that_hold_or_the_reason_why_not(graft: Graft, field: Field) -> None:
    model = field.run(steps(80))
    seen: JsonObject = {"far": 0.5, "sharp": 1.0, "light": 122.0}
    far: JsonObject = {**seen, "far": 1.4}
    said = [
        ("clear.png", [0.08, 0.9, 0.02], seen),
        ("torn.png", [0.02, 0.5, 0.48], seen),
        ("cat.png", [0.99, 0.01, 0.0], far),
    ]
    new = [
        PredictionRecord(
            name=name, predicted_index=int(np.argmax(shares)), confidence=max(shares), probabilities=shares,
            traits=traits,
        )
        for name, shares, traits in said
    ]  # fmt: skip
    new.append(PredictionRecord(name="notes.txt", error="not a picture"))
    run = make_prediction(graft, field.project, model, new)
    view = graft.predictions.read(run, 0.95)
    clear, torn, cat = view.items
    assert (clear.answer, clear.why, clear.possible) == ("rust", "", ("rust",))
    assert cat.answer == "no answer" and cat.why == "not like the training pictures" and cat.said == "healthy"
    assert torn.answer == "rust", "0.48 is less likely than what any validation picture's truth had"
    wide = graft.predictions.read(make_prediction(graft, field.project, field.run([0.45] * 80), new[1:2]), 0.95)
    assert wide.items[0].answer == "one of: rust, blight" and wide.items[0].why == "unsure between rust and blight"
    assert view.reasons == {"strange": 1} and wide.reasons == {"unsure": 1}
    assert [item.name for item in view.doubtful(view.reasons, 0.0)] == ["cat.png"], "sure of it, and yet doubtful"
    assert [item.name for item in view.doubtful(["blurred"], 0.6)] == ["torn.png"]
    lines = list(csv.DictReader(io.StringIO(graft.predictions.csv(run, 0.95).removeprefix("\ufeff"))))
    assert [line["answer"] for line in lines] == ["rust", "rust", "no answer", ""]
    assert lines[2]["why no answer"] == "not like the training pictures" and lines[3]["problem"] == "not a picture"


def test_a_promise_to_each_group_uses_the_pictures_group_and_is_cautious_where_it_is_not_known(graft: Graft) -> None:
    field = Field(graft, south=9)
    # In the south the truth had 0.3, in the north 0.95: limits 0.7 and 0.05, and 0.05 for 31 of 40 taken together.
    model = field.run([0.3 if index % 40 < 9 else 0.95 for index in range(80)])
    shares, seen = [0.6, 0.35, 0.05], {"far": 0.5, "sharp": 1.0, "light": 122.0}
    new = [
        PredictionRecord(name=f"{group or 'somewhere'}.png", predicted_index=0, confidence=0.6, probabilities=shares,
                         traits={**seen, "group": group} if group else seen)
        for group in ("north", "south", "", "west")
    ]  # fmt: skip
    run = make_prediction(graft, field.project, model, new)
    view = graft.predictions.read(run, 0.75, "group")
    assert view.groups == ("north", "south")
    said = {item.group: (item.answer, item.own) for item in view.items}
    wide = "one of: healthy, rust"
    assert said == {"north": ("healthy", True), "south": (wide, True), "": (wide, False), "west": (wide, False)}
    assert [item.name for item in view.strangers] == ["somewhere.png", "west.png"]
    assert {item.answer for item in graft.predictions.read(run, 0.75).items} == {"healthy"}, "to all together"
    of_all = graft.predictions.read(run, 0.75, "group", "north")
    assert [item.group for item in of_all.items] == ["north", "south", "north", "west"], "the table's word comes first"
    lines = list(csv.DictReader(io.StringIO(graft.predictions.csv(run, 0.75, "group").removeprefix("\ufeff"))))
    assert [(line["group"], line["limit of"]) for line in lines] == [
        ("north", "group north"),
        ("south", "group south"),
        ("", "most cautious: its group is not known"),
        ("west", "most cautious: its group is not known"),
    ]
    assert "group" not in graft.predictions.csv(run, 0.75).splitlines()[0]


def test_the_json_carries_calibration_promises_and_slices(graft: Graft, field: Field) -> None:
    result = graft.results.to_json(field.run([0.9] * 80, wrong=range(62, 80)))
    json.dumps(result, allow_nan=False)
    calibration, abstaining = result["calibration"], result["abstaining"]
    assert isinstance(calibration, dict) and isinstance(abstaining, dict)
    assert calibration["test"]["ece"] == result["metrics"]["test"]["ece"]
    conformal = calibration["conformal"]
    assert (conformal["coverage"], conformal["fitted_on"], conformal["needed"]) == (0.9, 40, 9)
    assert conformal["limits"] == {name: pytest.approx(0.1) for name in NAMES}
    whole = conformal["checked"][0]
    assert (whole["of"], whole["count"], whole["covered"], whole["verdict"]) == ("all", 40, 22 / 40, "broken")
    assert whole["interval"][0] < 22 / 40 < whole["interval"][1]
    assert abstaining["answered"] == 1.0 and abstaining["right_of_all"] == pytest.approx(22 / 40)
    (worst, *_) = result["slices"]
    assert (worst["attribute"], worst["value"], worst["count"], worst["clear"]) == ("Camera", "old", 20, True)
    assert worst["worse_interval"][0] < worst["worse"] < worst["worse_interval"][1]


def test_a_run_without_validation_pictures_promises_nothing_in_json(graft: Graft) -> None:
    few = Field(graft, each=6)
    result = graft.results.to_json(few.run([0.9] * 12))
    json.dumps(result, allow_nan=False)
    assert result["calibration"]["conformal"]["possible"] is False
    assert result["calibration"]["conformal"]["checked"] == [] and result["slices"] == []
    assert "at least 9" in " ".join(result["abstaining"]["notes"])


def test_ids_of_the_pictures_are_those_of_the_project(graft: Graft, field: Field) -> None:
    spots = graft.judging.weak_spots(field.run([0.9] * 80))
    assert set(spots.images) == {item.image_id for item in field.items if item.split is Split.TEST}
    assert all(isinstance(image, int) for image in spots.images) and ImageId(0) not in spots.images
