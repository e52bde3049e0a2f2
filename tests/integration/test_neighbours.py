"""Training pictures that a picture resembles: the nearest by hand and by scikit-learn, through job and service."""

from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from core.errors import NotFound
from core.explanation.neighbours import nearest
from core.graft import Graft
from core.store import versions
from core.store.db import writing
from core.store.tables import RunRow
from core.store.versions import VersionItem
from core.types import ImageId, Lane, ProjectId, RunId, RunState, Split
from tests.at_once import complete, serve
from tests.integration.test_explaining import _cold, model, project  # noqa: F401 - fixtures


def test_the_nearest_are_scikit_learns_and_only_those_allowed() -> None:
    features, query = torch.randn(30, 5), torch.randn(5)
    peer = NearestNeighbors(n_neighbors=6, metric="cosine").fit(features.numpy())
    distances, positions = peer.kneighbors(query[None].numpy())
    found = nearest(features, query, torch.ones(30, dtype=torch.bool), 6)
    assert [position for position, _ in found] == positions[0].tolist()
    assert [distance for _, distance in found] == pytest.approx(distances[0].tolist(), abs=1e-5)
    allowed = torch.zeros(30, dtype=torch.bool)
    allowed[[3, 7]] = True
    assert {position for position, _ in nearest(features, query, allowed, 6)} == {3, 7}


def test_length_does_not_count_and_opposite_is_two() -> None:
    features = torch.tensor([[5.0, 0], [0, 2], [-1, 0]])
    found = nearest(features, torch.tensor([1.0, 0]), torch.ones(3, dtype=torch.bool), 3)
    assert found == [(0, 0.0), (1, 1.0), (2, 2.0)]


@pytest.fixture
def learnt(graft: Graft, project: ProjectId, model: RunId) -> RunId:  # noqa: F811
    """The model learnt from pictures 2 (rust) and 3 (mildew)."""
    items = [
        VersionItem(
            image_id=ImageId(number), blob=graft.gallery.image(ImageId(number)).blob, split=split, targets=(target,),
            number=None, case_name=None, group_name=None,
        )
        for number, split, target in ((1, Split.TEST, 0), (2, Split.TRAIN, 1), (3, Split.TRAIN, 2))
    ]  # fmt: skip
    with writing(graft.engine) as session:
        row = session.get(RunRow, model)
        assert row is not None
        row.version_id = versions.create_version(
            session, project, task=graft.projects.read(project).task, classes=[], split_rule="",
            items=items, now=datetime.now(UTC),
        )  # fmt: skip
    return model


def test_training_pictures_come_with_labels_and_distances_and_the_other_class_apart(
    graft: Graft, learnt: RunId
) -> None:
    run = graft.neighbours.request(learnt, ImageId(1))
    assert graft.neighbours.views(graft.queue.read(run)) == []
    complete(graft, run)
    (view,) = graft.neighbours.views(graft.queue.read(run))
    assert view.said in ("healthy", "rust", "mildew")
    assert {(item.image, item.label) for item in view.nearest} == {(2, "rust"), (3, "mildew")}  # never a test picture
    assert np.diff([item.distance for item in view.nearest]) >= 0
    assert {item.label for item in view.others} == {"rust", "mildew"} - {view.said}
    assert view.alike == sum(item.label == view.said for item in view.nearest)


def test_a_training_picture_is_not_its_own_neighbour_and_several_are_asked_of_at_once(
    graft: Graft, learnt: RunId
) -> None:
    run = graft.neighbours.request(learnt, ImageId(2), ImageId(1), ImageId(3))
    assert serve(graft, Lane.INTERACTIVE) is RunState.DONE
    found = [{item.image for item in view.nearest} for view in graft.neighbours.views(graft.queue.read(run))]
    assert found == [{3}, {2, 3}, {2}]


def test_a_model_without_training_pictures_says_so(graft: Graft, model: RunId) -> None:  # noqa: F811
    run = graft.neighbours.request(model, ImageId(1))
    assert serve(graft, Lane.INTERACTIVE) is RunState.FAILED and "no training pictures" in graft.queue.read(run).error
    with pytest.raises(NotFound):
        graft.neighbours.request(model, ImageId(99))


def test_many_training_pictures_are_compared_first_where_nobody_waits_and_then_at_once(
    graft: Graft, learnt: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.neighbours.AT_ONCE", 1)
    assert graft.queue.read(graft.neighbours.request(learnt, ImageId(1))).lane is Lane.ANALYSIS
    assert serve(graft, Lane.ANALYSIS) is RunState.DONE
    assert graft.queue.read(graft.neighbours.request(learnt, ImageId(1))).lane is Lane.INTERACTIVE
