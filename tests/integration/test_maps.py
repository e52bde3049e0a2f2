"""The map of a project's pictures, from the click to the points."""

from pathlib import Path

import pytest

from core.errors import BadInput
from core.graft import Graft
from core.jobs.payloads import ImportPayload
from core.labels import LabelValue
from core.services.maps import MapView, by_class, by_error, by_split
from core.store import predictions
from core.store.db import writing
from core.store.predictions import PredictionRecord
from core.types import Lane, ProjectId, RunId, RunState, Split, Task
from tests.at_once import complete, serve
from tests.finished import label
from tests.integration.test_checking import add, classes_of
from tests.made_models import model_of
from tests.unit.test_checks import scene


@pytest.fixture
def leaves(graft: Graft) -> ProjectId:
    return graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust", "mildew"])


def drawn(graft: Graft, project: ProjectId, model: RunId | None = None) -> MapView:
    run_id = graft.maps.start(project, model)
    assert graft.maps.start(project, model) == run_id, "one that waits is not doubled"
    complete(graft, run_id)
    view = graft.maps.view(graft.queue.read(run_id))
    assert view is not None
    return view


def points(view: MapView, heaps) -> dict[str, list[str]]:
    return {heap.name: [view.pictures[position].name for position in heap.positions] for heap in heaps}


def test_every_picture_is_a_point_coloured_by_its_label_and_split_as_they_are_now(
    graft: Graft, leaves: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What lies where is tests/unit/test_layout.py's; umap-learn compiles itself for ten seconds in every process.
    monkeypatch.setattr("core.tasks.map.neighbours", lambda features: features[:, :2])
    splits = [Split.TRAIN, Split.TEST] + [None] * 10
    found = add(graft, leaves, [scene(n, (48, 48)) for n in range(12)], splits=splits)
    view = drawn(graft, leaves)
    assert set(view.layouts) == {"umap", "directions"} and view.colourings() == ["class", "split"]
    assert all(places.shape == (12, 2) for places in view.layouts.values())
    assert points(view, by_split(view))["test"] == ["1.png"]

    healthy, rust, _ = classes_of(graft, leaves)
    label(graft, leaves, {found[3]: LabelValue(classes=(rust,)), found[5]: LabelValue(classes=(healthy,))})
    graft.gallery.delete(leaves, [found[0]])
    last = graft.maps.latest(leaves)
    assert last is not None
    after = graft.maps.view(last)
    assert after is not None and len(after.pictures) == 11 == len(after.layouts["directions"])
    told = points(after, by_class(after))
    assert list(told) == ["no label", "healthy", "rust"] and told["rust"] == ["3.png"] and told["healthy"] == ["5.png"]
    assert (after.layouts["umap"][0] == view.layouts["umap"][1]).all()


def test_pictures_that_came_after_the_map_are_counted_as_not_on_it(
    graft: Graft, leaves: ProjectId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.tasks.map.neighbours", lambda features: features[:, :2])
    add(graft, leaves, [scene(n, (48, 48)) for n in range(12)])
    assert drawn(graft, leaves).since == 0
    for number in range(3):
        scene(20 + number, (48, 48)).save(tmp_path / f"{number}.png")
    complete(graft, graft.imports.start(leaves, ImportPayload(source=str(tmp_path))))
    last = graft.maps.latest(leaves)
    after = graft.maps.view(last) if last else None
    assert after is not None and after.since == 3 and len(after.pictures) == 12
    assert drawn(graft, leaves).since == 0


def test_a_model_s_map_shows_what_it_names_wrongly(graft: Graft, leaves: ProjectId) -> None:
    found = add(graft, leaves, [scene(n, (48, 48)) for n in range(4)])
    model = model_of(graft, leaves)
    said = [(found[0], 0, 1, Split.TEST), (found[1], 1, 1, Split.TEST), (found[2], 2, 2, Split.TRAIN)]
    with writing(graft.engine) as session:
        predictions.replace_predictions(
            session,
            model,
            [PredictionRecord(image_id=i, truth_index=t, predicted_index=p, split=s) for i, t, p, s in said],
        )
    view = drawn(graft, leaves, model)
    assert view.colourings()[-1] == "error" and view.features == f"the model of run {model}"
    assert points(view, by_error(view)) == {
        "not judged": ["3.png"], "right, but learnt from": ["2.png"], "right": ["1.png"], "wrong": ["0.png"],
    }  # fmt: skip
    assert graft.maps.latest(leaves) is None, "the map of a network that learnt nothing is another one"


def test_numbers_are_coloured_by_their_size(graft: Graft) -> None:
    project = graft.projects.create_from_names("Sizes", Task.REGRESSION, [])
    found = add(graft, project, [scene(n, (48, 48)) for n in range(4)])
    label(graft, project, {found[2]: LabelValue(number=7.5)})
    rest, known = by_class(drawn(graft, project))
    assert len(rest.positions) == 3 and known.values is not None and known.values.tolist() == [7.5]


def test_two_pictures_are_too_few_and_a_run_without_a_model_sees_nothing(graft: Graft, leaves: ProjectId) -> None:
    add(graft, leaves, [scene(n, (48, 48)) for n in range(2)])
    run_id = graft.maps.start(leaves)
    assert serve(graft, Lane.ANALYSIS) is RunState.FAILED
    assert graft.queue.read(run_id).error.startswith("Not enough pictures: at least 3")
    with pytest.raises(BadInput, match="no model"):
        graft.maps.start(leaves, run_id)


def test_of_many_pictures_some_are_drawn_by_lot_and_that_is_said(
    graft: Graft, leaves: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.tasks.map.MOST_PICTURES", 5)
    add(graft, leaves, [scene(n, (48, 48)) for n in range(8)])
    view = drawn(graft, leaves)
    assert (view.total, len(view.pictures), view.sample, list(view.layouts)) == (8, 5, True, ["directions"])
