"""Methods graded by their job, circles drawn and kept, and the best method asked first."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli import build
from app.routes import base, explanations
from core.errors import BadInput, Cancelled, NotFound
from core.graft import Graft
from core.labels import Circle, LabelValue
from core.services.labelling import LabelEvent
from core.services.serving import Serving
from core.store import predictions
from core.store.db import writing
from core.store.predictions import PredictionRecord
from core.tasks import grade
from core.types import ClassId, ImageId, LabelKind, Lane, ProjectId, RunId, RunState, Split, Task
from tests.at_once import complete, finish, serve
from tests.finished import end
from tests.integration.test_explaining import _cold, folder_of, model, project  # noqa: F401 - fixtures
from tests.made_models import model_of


@pytest.fixture
def said(graft: Graft, model: RunId) -> RunId:  # noqa: F811
    records = [
        PredictionRecord(
            image_id=ImageId(number), blob=graft.gallery.image(ImageId(number)).blob, split=Split.VALIDATION,
            truth_index=0, predicted_index=number % 2, confidence=0.6, probabilities=[0.5, 0.4, 0.1],
        )
        for number in (1, 2, 3)
    ]  # fmt: skip
    with writing(graft.engine) as session:
        predictions.replace_predictions(session, model, records)
    return model


def test_every_method_that_fits_is_graded_on_validation_pictures(
    graft: Graft, said: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {
        name: info
        for name, info in grade.EXPLANATIONS.items()
        if name in ("gradcam", "smoothgrad", "weighted_attention")
    }
    monkeypatch.setattr(grade, "EXPLANATIONS", kept)
    run = graft.grades.start(said)
    assert graft.grades.start(said) == run  # asked twice is asked once
    complete(graft, run)
    view = graft.grades.newest(said)
    assert view is not None and (view.pictures, view.split, view.circled) == (3, "validation", 0)
    assert {item.info.name for item in view.methods} == {"gradcam", "smoothgrad"}
    for item in view.methods:
        assert 0 <= item.grade.deletion <= 1 and 0 <= item.grade.insertion <= 1 and item.seconds > 0
        assert item.grade.gain is None and item.grade.pointing is None and item.grade.alike is not None
        assert item.grade.passes is not True  # three pictures are too few to say so
    assert view.best is None and graft.grades.default_method(said) == "gradcam"


def test_a_stop_while_the_last_method_is_graded_is_a_stop(
    graft: Graft, said: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> None:
        raise Cancelled("The run was stopped.")

    monkeypatch.setattr(grade, "EXPLANATIONS", {"smoothgrad": grade.EXPLANATIONS["smoothgrad"]})
    monkeypatch.setattr(grade, "explain", stopped)
    graft.grades.start(said)
    assert serve(graft, Lane.ANALYSIS) is RunState.CANCELLED


def test_circled_pictures_are_pointed_at(
    graft: Graft,
    project: ProjectId,  # noqa: F811
    said: RunId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grade, "EXPLANATIONS", {"smoothgrad": grade.EXPLANATIONS["smoothgrad"]})
    monkeypatch.setattr("core.evaluation.trust.FEWEST_MARKED", 2)
    event = LabelEvent(
        event_id="12345678", image_id=ImageId(2), kind=LabelKind.SET, value=LabelValue(classes=(ClassId(1),))
    )
    again = LabelEvent(
        event_id="22345678", image_id=ImageId(3), kind=LabelKind.SET, value=LabelValue(classes=(ClassId(1),))
    )
    assert not graft.labelling.record(project, [event, again]).rejected
    for image in (1, 2, 3):  # the first one has no label: what should it point at?
        graft.circles.save(ImageId(image), [Circle(0.5, 0.5, 1, 1)], "anna")
    run = graft.grades.start(said)
    complete(graft, run)
    view = graft.grades.newest(said)
    assert view is not None and view.circled == 2
    pointing = view.methods[0].grade.pointing
    assert pointing is not None and pointing.value == 1  # the circle holds the whole picture


def test_a_grading_that_cannot_be_done_says_why(graft: Graft, project: ProjectId, model: RunId) -> None:  # noqa: F811
    with pytest.raises(BadInput, match="no model"):
        graft.grades.start(RunId(1))
    run = graft.grades.start(model)
    assert serve(graft, Lane.ANALYSIS) is RunState.FAILED
    assert "no validation or test pictures" in graft.queue.read(run).error


def test_methods_of_a_model_that_says_numbers_are_graded_and_any_circled_picture_counts(
    graft: Graft,
    project: ProjectId,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grade, "EXPLANATIONS", {"smoothgrad": grade.EXPLANATIONS["smoothgrad"]})
    numbers = model_of(graft, project, task=Task.REGRESSION)
    records = [
        PredictionRecord(
            image_id=ImageId(number), blob=graft.gallery.image(ImageId(number)).blob, split=Split.VALIDATION,
            truth_number=2.0, predicted_number=1.5,
        )
        for number in (1, 2, 3)
    ]  # fmt: skip
    with writing(graft.engine) as session:
        predictions.replace_predictions(session, numbers, records)
    graft.circles.save(ImageId(1), [Circle(0.5, 0.5, 1, 1)], "anna")
    run = graft.grades.start(numbers)
    complete(graft, run)
    view = graft.grades.newest(numbers)
    assert view is not None and (view.pictures, view.circled) == (3, 1)
    (method,) = view.methods
    assert 0 <= method.grade.deletion <= 1 and 0 <= method.grade.insertion <= 1


def test_circles_are_kept_replaced_and_counted(
    graft: Graft,
    project: ProjectId,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (base, explanations):
        monkeypatch.setattr(module, "shared", lambda: graft)
    client = TestClient(Starlette(routes=explanations.ROUTES))

    def draw(image: int, *circles: object) -> object:
        return client.post("/api/circles", json={"image": image, "annotator": "anna", "circles": list(circles)})

    assert draw(1, [0.5, 0.5, 0.1, 0.2], [0.2, 0.2, 0.1, 0.1]).json() == {"circled": 1}
    assert draw(2, [0, 1, 0.3, 0.3]).json() == {"circled": 2}
    assert draw(1, [0.4, 0.5, 0.1, 0.2]).json() == {"circled": 2}
    images = [ImageId(1), ImageId(2), ImageId(3)]
    assert graft.circles.of(project, images) == {1: [Circle(0.4, 0.5, 0.1, 0.2)], 2: [Circle(0, 1, 0.3, 0.3)]}
    assert draw(1).json() == {"circled": 1}
    one, two, three = [0.1, 0.1, 0.1, 0.1], [0.3, 0.3, 0.1, 0.1], [0.6, 0.6, 0.1, 0.1]
    graft.circles.save(ImageId(3), [Circle(*one), Circle(*two)], "anna")
    # Who saw only `one` takes it away and draws another: what was drawn meanwhile stays.
    said = {"image": 3, "annotator": "ben", "circles": [three], "seen": [one]}
    assert client.post("/api/circles", json=said).json() == {"circled": 2}
    assert graft.circles.of(project, images)[ImageId(3)] == [Circle(*two), Circle(*three)]
    assert draw(3).json() == {"circled": 1}
    for wrong in ([0.5, 0.5, 0.1], [2, 0.5, 0.1, 0.1], [0.5, 0.5, 0, 0.1], "round", [0.5, True, 0.1, 0.1]):
        assert draw(1, wrong).status_code == 400
    assert draw(99, [0.5, 0.5, 0.1, 0.1]).status_code == 404
    with pytest.raises(NotFound):
        graft.circles.save(ImageId(99), [], "anna")
    with pytest.raises(BadInput, match="50 circles"):
        graft.circles.save(ImageId(1), [Circle(0.5, 0.5, 0.1, 0.1)] * 51, "anna")


def test_the_command_explains_by_the_best_method_and_carries_its_grades(
    graft: Graft, said: RunId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)

    def result(method: str, passes: bool, above: float) -> dict[str, object]:
        gain = {"value": above, "low": above - 0.1, "high": above + 0.1}
        return {
            "method": method, "seconds": 0.1, "deletion": 0.2, "insertion": 0.2 + above, "gain": gain, "pointing": None,
            "chance": None, "alike": 0.1, "passes": passes, "reasons": [] if passes else ["it is bad"],
        }  # fmt: skip

    run = graft.grades.start(said)
    methods = [result("layercam", True, 0.3), result("gradcam", False, 0.5)]
    end(graft, run, result={"pictures": 20, "split": "validation", "circled": 0, "methods": methods})

    def asked(*options: str) -> dict[str, object]:
        home = ["--home", str(graft.settings.home), "--json"]
        done = CliRunner().invoke(build(), ["explain", str(said), "1", *options, *home])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.output))

    best = asked("-o", str(tmp_path / "why.png"))
    assert (best["method"], best["file"]) == ("layercam", str(tmp_path / "why.png"))
    assert best["class"] in ("healthy", "rust", "mildew") and (tmp_path / "why.png").is_file()
    assert best["grades"]["passes"] is True and best["grades"]["best"] is True  # type: ignore[index]
    assert best["grades"]["above_chance"]["value"] == pytest.approx(0.3)  # type: ignore[index]
    monkeypatch.chdir(tmp_path)
    worst = asked("--method", "gradcam")
    assert worst["file"] == str(tmp_path / "1-gradcam.png") and (tmp_path / "1-gradcam.png").is_file()
    worse = worst["grades"]
    assert worse["passes"] is False and worse["reasons"] == ["it is bad"]  # type: ignore[index]
    assert asked("--method", "eigencam")["grades"] is None  # not tested
