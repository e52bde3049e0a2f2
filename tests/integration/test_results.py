"""Results of finished runs: scores, the images behind them, comparison, drift, JSON."""

import json
from collections.abc import Sequence

import pytest

from core.errors import BadInput, NotEnoughImages, NotFound
from core.graft import Graft
from core.jobs.payloads import TrainPayload
from core.labels import LabelValue
from core.recipes import PRESETS, Recipe
from core.store.db import writing
from core.store.predictions import PredictionRecord
from core.store.tables import RunRow
from core.types import (
    RunId,
    Split,
    Task,
)
from tests.finished import label, make_images, make_run, make_version


class Leaves:
    """Six test pictures of two classes, healthy x 3 and rust x 3, and a run that names the last of each wrongly."""

    def __init__(self, graft: Graft, task: Task = Task.SINGLE, *, each: int = 0) -> None:
        self.graft = graft
        self.project = graft.projects.create_from_names("Leaves", task, ["healthy", "rust"])
        self.classes = [item.id for item in graft.projects.read(self.project).classes]
        self.images = make_images(graft, self.project, 6, each=each)
        self.truth = [0, 0, 0, 1, 1, 1]
        label(
            graft,
            self.project,
            {image: LabelValue(classes=(self.classes[k],)) for image, k in zip(self.images, self.truth, strict=True)},
        )
        self.version = make_version(graft, self.project, self.images, [[k] for k in self.truth])

    def run(self, said: Sequence[int], recipe: Recipe = PRESETS["instant"]) -> RunId:
        records = [
            PredictionRecord(
                image_id=image, split=Split.TEST, truth_index=self.truth[index], predicted_index=said[index],
                confidence=0.6 + index / 20,
                probabilities=[0.4 - index / 20, 0.6 + index / 20][:: 1 if said[index] else -1],
            )
            for index, image in enumerate(self.images)
        ]  # fmt: skip
        return make_run(self.graft, self.version, self.project, records, recipe)


@pytest.fixture
def leaves(graft: Graft) -> Leaves:
    return Leaves(graft)


def test_a_cell_opens_its_images_the_most_confident_first(graft: Graft, leaves: Leaves) -> None:
    run = leaves.run([0, 1, 1, 1, 1, 0])
    view = graft.results.read(run)
    assert view.scores.cells == ((1, 2), (1, 2)) and view.columns == ("healthy", "rust")
    assert [item.image_id for item in graft.results.cell(run, Split.TEST, 0, 1)] == [leaves.images[2], leaves.images[1]]
    (missed,) = graft.results.cell(run, Split.TEST, 1, 0)
    assert (missed.name, missed.truth, missed.said, missed.classes) == (
        "5.png",
        "rust",
        "healthy",
        (leaves.classes[1],),
    )
    assert [item.image_id for item in graft.results.mistakes(run, Split.TEST)] == [leaves.images[i] for i in (5, 2, 1)]


def test_pictures_of_one_case_are_counted_as_one(graft: Graft) -> None:
    cases = Leaves(graft, each=2)
    view = graft.results.read(cases.run([0, 0, 0, 1, 1, 1]))
    assert view.together == "cases" and (view.scores.count, view.scores.units) == (6, 3)


def test_a_mended_label_shows_at_once_and_is_counted_as_drift(graft: Graft, leaves: Leaves) -> None:
    run = leaves.run([0, 1, 0, 1, 1, 1])
    assert (graft.results.drift(run).changed, graft.results.drift(run).added) == (0, 0)
    label(graft, leaves.project, {leaves.images[1]: LabelValue(classes=(leaves.classes[1],))})
    (mended,) = graft.results.cell(run, Split.TEST, 0, 1)
    assert mended.truth == "healthy" and mended.classes == (leaves.classes[1],), "the figure keeps the frozen truth"
    assert graft.results.drift(run).changed == 1
    graft.gallery.delete(leaves.project, [leaves.images[1], leaves.images[2]])
    moved = graft.results.drift(run)
    assert (moved.changed, moved.deleted) == (0, 2), "a picture that is gone has no other label"


def test_the_json_has_what_automation_needs(graft: Graft, leaves: Leaves) -> None:
    result = graft.results.to_json(leaves.run([0, 1, 0, 1, 1, 1]))
    json.dumps(result, allow_nan=False)
    assert result["state"] == "done" and result["dataset_version"] == 1 and result["classes"] == ["healthy", "rust"]
    assert result["splits"] == {"train": 0, "validation": 0, "test": 6}
    assert result["metrics"]["test"]["accuracy"] == pytest.approx(5 / 6)
    low, high = result["intervals"]["test"]["accuracy"]
    assert low < 5 / 6 < high
    assert set(result["metrics"]["test"]) >= {"balanced_accuracy", "macro_f1", "ece", "brier"}
    assert result["confusion"] == {"split": "test", "labels": ["healthy", "rust"], "matrix": [[2, 1], [0, 3]]}
    assert result["per_class"]["test"][1]["support"] == 3
    assert result["timings_s"] == {"fit": 1.5}


def test_a_run_that_has_not_ended_has_json_but_no_scores(graft: Graft, leaves: Leaves) -> None:
    run = graft.queue.enqueue(TrainPayload(), project_id=leaves.project, version_id=leaves.version)
    result = graft.results.to_json(run)
    assert result["state"] == "queued" and result["metrics"] == {} and result["confusion"] is None
    with pytest.raises(NotEnoughImages, match="no predictions"):
        graft.results.read(run)
    with pytest.raises(NotFound):
        graft.results.to_json(RunId(999))


def test_two_runs_are_compared_on_the_same_images(graft: Graft, leaves: Leaves) -> None:
    first = leaves.run([1, 1, 1, 1, 1, 1])
    second = leaves.run([0, 0, 0, 1, 1, 1], PRESETS["instant"].with_settings({"backbone": "resnet18"}))
    found = graft.results.compare(first, second)
    assert found.cells == ((3, -3), (0, 0))
    assert found.recipe == (("backbone", PRESETS["instant"].backbone, "resnet18"),)
    assert found.differences == (), "six pictures prove nothing"


def test_a_setting_that_came_later_is_no_difference_from_a_training_before_it(graft: Graft, leaves: Leaves) -> None:
    first, second = leaves.run([1, 1, 1, 1, 1, 1]), leaves.run([0, 0, 0, 1, 1, 1])
    with writing(graft.engine) as session:
        run = session.get_one(RunRow, first)
        run.recipe = {name: value for name, value in (run.recipe or {}).items() if name != "schedule"}
    assert graft.results.compare(first, second).recipe == ()


def test_runs_of_other_versions_are_refused_with_the_way_out(graft: Graft, leaves: Leaves) -> None:
    first = leaves.run([0, 0, 0, 1, 1, 1])
    leaves.version = make_version(graft, leaves.project, leaves.images, [[1]] * 6)
    with pytest.raises(BadInput, match="different dataset versions"):
        graft.results.compare(first, leaves.run([0, 0, 0, 1, 1, 1]))
    assert [run.version for run in graft.results.finished(leaves.project)] == [2, 1]


def test_sets_and_numbers_open_their_images_too(graft: Graft) -> None:
    many = Leaves(graft, Task.MULTI)
    truth, said = [[0], [0, 1], [], [1], [1], [0, 1]], [[0], [0], [1], [1], [0, 1], []]
    records = [
        PredictionRecord(image_id=image, split=Split.TEST, truth_set=a, predicted_set=b, probabilities=[0.5, 0.5])
        for image, a, b in zip(many.images, truth, said, strict=True)
    ]
    run = make_run(graft, make_version(graft, many.project, many.images, truth), many.project, records)
    assert graft.results.read(run).scores.cells == ((2, 1, 1), (2, 2, 1))
    assert [item.image_id for item in graft.results.cell(run, Split.TEST, 1, 1)] == [many.images[1], many.images[5]]
    assert graft.results.to_json(run)["confusion"] is None
    assert {item.truth for item in graft.results.mistakes(run, Split.TEST)} == {"healthy, rust", "none", "rust"}


def test_numbers_are_ranked_by_how_far_off_they_are(graft: Graft) -> None:
    project = graft.projects.create("Share", Task.REGRESSION, settings={"unit": "%"})
    found = make_images(graft, project, 12)
    truth = [float(index) for index in range(12)]
    records = [
        PredictionRecord(
            image_id=image, split=Split.TEST, truth_number=value, predicted_number=value + (index == 7) * 3
        )
        for index, (image, value) in enumerate(zip(found, truth, strict=True))
    ]
    run = make_run(graft, make_version(graft, project, found, [[]] * 12, truth), project, records)
    view = graft.results.read(run)
    assert view.unit == "%" and view.scores.figures["mae"] is not None and view.scores.figures["mae"].value == 0.25
    assert [item.image_id for item in graft.results.mistakes(run, Split.TEST)] == [found[7]]
    assert len(graft.results.points(run, Split.TEST)) == 12
    assert graft.results.drift(run).changed == 12, "no picture carries its number any more"
