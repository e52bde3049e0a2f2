"""Limits come from validation pictures, their worth from test pictures; where one set serves twice it is said."""

import dataclasses
import json
from collections.abc import Sequence

import pytest

from core.checks.probe import BASIS
from core.evaluation.abstaining import Basis
from core.exchange.report.whole import SECTIONS
from core.graft import Graft
from core.jobs.payloads import EvaluatePayload
from core.store import predictions, runs
from core.store.db import writing
from core.store.predictions import PredictionRecord
from core.store.snapshot import FILE
from core.store.versions import read_version
from core.types import JsonObject, Lane, RunId, RunKind, Split
from tests.finished import NOW, end, keep
from tests.integration.test_judging import Field, steps
from tests.integration.test_reports import facts_of


@pytest.fixture
def field(graft: Graft) -> Field:
    return Field(graft)


def far(validation: Sequence[float], test: Sequence[float]) -> list[JsonObject]:
    return [{"far": value, "sharp": 1.0, "light": 120.0} for value in (*validation, *test)]


def told(graft: Graft, run: RunId) -> JsonObject:
    found = graft.results.to_json(run)["abstaining"]
    assert isinstance(found, dict)
    return found


RISING = [index / 100 for index in range(1, 41)]
"""Of 40 distances that of rank ceil(41 x 0.95) = 39 is the limit: 0.39."""


def test_the_limit_of_strangeness_is_that_of_the_validation_pictures_whatever_the_test_pictures_are(
    graft: Graft, field: Field
) -> None:
    plain = told(graft, field.run(steps(80), traits=far(RISING, [0.1] * 40)))
    strange = told(graft, field.run(steps(80), traits=far(RISING, [9.0] * 40)))
    assert plain["usual"] == strange["usual"] and plain["usual"]["far"] == 0.39  # type: ignore[index, call-overload]
    assert plain["answered"] > 0.8 and strange["answered"] == 0.0  # type: ignore[operator]
    moved = told(graft, field.run(steps(80), traits=far([2 * item for item in RISING], [0.1] * 40)))
    assert moved["usual"]["far"] == pytest.approx(0.78)  # type: ignore[index, call-overload]


def test_what_is_answered_flagged_and_right_is_counted_among_test_pictures_only(graft: Graft, field: Field) -> None:
    """Seven test pictures lie beyond the limit, and one validation picture; both sets have two mistakes."""
    sure = [0.999] * 80
    run = field.run(sure, wrong=[0, 1, 40, 79], traits=far(RISING, [0.5] * 7 + [0.1] * 33))
    found = told(graft, run)
    (reason,) = found["reasons"]  # type: ignore[misc]
    assert (reason["reason"], reason["count"], reason["share"]) == ("strange", 7, 7 / 40)  # type: ignore[call-overload, index]
    assert found["answered"] == 33 / 40 and found["right"] == 32 / 33 and found["right_of_all"] == 38 / 40
    test = {item.image_id for item in field.items if item.split is Split.TEST}
    assert all(set(line.images) <= test for line in graft.judging.abstaining(run).reasons)


def test_the_promise_does_not_move_with_the_test_pictures(graft: Graft, field: Field) -> None:
    half = steps(80)[:40]
    one, _ = graft.judging.promise(field.run([*half, *[0.5] * 40]))
    other, _ = graft.judging.promise(field.run([*half, *[0.99] * 40], wrong=range(40, 80)))
    assert one.rules[0].limits == other.rules[0].limits


def test_which_set_serves_for_what_is_said_in_json_report_and_page(graft: Graft, field: Field) -> None:
    run = field.run(steps(80))
    words = (
        "The limits come from 40 validation pictures only. Every share and score here is of 40 test pictures, which "
        "had no part in the limits. The validation pictures also chose when to stop learning, so a limit can promise a "
        "little too much: the test pictures show what the limits are worth."
    )
    found = told(graft, run)
    assert found["basis"] == words == graft.judging.abstaining(run).basis.words
    assert found["limits_from"] == {"split": "validation", "pictures": 40, "out_of_fold": False, "enough": True}
    assert found["judged_on"] == {"split": "test", "pictures": 40, "also_learnt_from": 0}
    conformal = graft.results.to_json(run)["calibration"]["conformal"]  # type: ignore[index, call-overload]
    assert conformal["basis"] == words  # type: ignore[call-overload, index]
    assert words in SECTIONS["abstaining"](facts_of(graft, run))


def test_the_folds_of_a_cross_validation_are_named(graft: Graft, field: Field) -> None:
    words = Basis(limits=60, judged=20, shared=0, out_of_fold=True).words
    assert "60 pictures out of fold only" in words and "of single folds" in words and "of all folds together" in words
    with writing(graft.engine) as session:
        version = read_version(session, field.version)
        first = version.items[0].image_id
        from core.store.tables import VersionItemRow

        session.get_one(VersionItemRow, (field.version, first)).split = Split.TRAIN
    assert told(graft, field.run(steps(80)))["limits_from"]["out_of_fold"] is True  # type: ignore[index, call-overload]
    (note,) = graft.judging.abstaining(field.run(steps(80), traits=[{"far": 0.1}] * 80)).notes
    assert note.endswith("that takes at least 10 pictures out of fold, and there are 0.")


def test_without_validation_pictures_no_limit_is_claimed(graft: Graft) -> None:
    words = Basis(limits=0, judged=6, shared=0, out_of_fold=False).words
    assert words.startswith("There are no validation pictures, so no limit is set.")


def test_of_pictures_that_set_no_limit_none_is_said_to_come(graft: Graft) -> None:
    run = Field(graft, each=2).run(steps(4), traits=far([0.1, 0.2], [0.1, 0.2]))
    words = "2 pictures for validation are too few to set any limit. Every share and score here is of 2 test pictures"
    found = told(graft, run)
    assert str(found["basis"]).startswith(words) and found["basis"] == graft.judging.abstaining(run).basis.words
    few = "No picture is held back as too blurred, dark or bright: that takes at least 10 pictures for "
    assert f"{few}validation, and there are 2." in found["notes"]  # type: ignore[operator]
    assert words in SECTIONS["abstaining"](facts_of(graft, run))


def external(graft: Graft, field: Field, model: RunId) -> RunId:
    """A test of the model on a version of which some pictures are the model's own: here all, for the same project."""
    with writing(graft.engine) as session:
        run = runs.create_run(
            session, project_id=field.project, kind=RunKind.EVALUATE, lane=Lane.FILES, now=NOW,
            payload=EvaluatePayload(model=model).to_json(), version_id=field.version,
        )  # fmt: skip
        records = [
            PredictionRecord(
                image_id=item.image_id, split=Split.TEST, truth_index=item.targets[0], predicted_index=item.targets[0],
                confidence=0.9, probabilities=[0.9, 0.05, 0.05],
            )
            for item in field.items[30:50]
        ]  # fmt: skip
        predictions.replace_predictions(session, run, records)
    return end(graft, run, result={})


def test_pictures_of_an_external_test_that_the_model_was_chosen_by_are_counted_and_said(
    graft: Graft, field: Field
) -> None:
    model = field.run(steps(80))
    test = external(graft, field, model)
    basis = graft.judging.basis(test)
    # Pictures 30 to 39 are the model's own validation pictures, 40 to 49 its test pictures.
    assert (basis.judged, basis.shared, basis.limits) == (20, 10, 40)
    assert "10 of them were also learnt from, or used to choose by: for these the figures are too good." in basis.words
    assert told(graft, test)["judged_on"]["also_learnt_from"] == 10  # type: ignore[index, call-overload]
    known = dataclasses.replace(facts_of(graft, model).external[0], results=graft.results.to_json(test))
    text = SECTIONS["external"](dataclasses.replace(facts_of(graft, model), external=[known]))
    assert "10 of which it learnt from or was chosen by: for these the figures are too good." in text
    assert "which it has never seen and was not chosen by." in SECTIONS["external"](facts_of(graft, model))
    assert Basis(limits=9, judged=9, shared=1, out_of_fold=False).words.count("1 of them was also learnt from") == 1


def test_a_snapshot_from_before_the_sets_were_named_still_agrees(graft: Graft, field: Field) -> None:
    run = keep(graft, field.run(steps(80)))
    path = graft.settings.models / str(run) / FILE
    kept = json.loads(path.read_bytes())
    for part in (kept["figures"]["abstaining"], kept["figures"]["calibration"]["conformal"]):
        for name in ("basis", "limits_from", "judged_on"):
            del part[name]
    path.write_text(json.dumps(kept))
    assert {item.name for item in graft.results.verify(run).findings if not item.ok} == {"Snapshot"}
    kept["figures"]["abstaining"]["answered"] += 0.01
    path.write_text(json.dumps(kept))
    assert {item.name for item in graft.results.verify(run).findings if not item.ok} == {"Snapshot", "Figures"}


def test_the_probe_says_that_its_limit_is_not_of_these_pictures() -> None:
    assert "has not learnt from" in BASIS and "no other picture had a part in it" in BASIS
