"""What training changed: CKA and distances by hand, units, and the job on a model that was or was not trained."""

import dataclasses

import pytest
import torch
from torch import nn

from core.errors import BadInput
from core.explanation.changes import linear_cka, telling_units, weight_distance
from core.graft import Graft
from core.models import Network, load_model, save_model
from core.recipes import PRESETS
from core.store import predictions
from core.store.db import writing
from core.store.tables import RunRow
from core.tasks import changes, warm
from core.types import RunId
from tests.at_once import complete
from tests.integration.test_explaining import _cold, model, project  # noqa: F401 - fixtures
from tests.integration.test_neighbours import learnt  # noqa: F401 - fixture


def test_cka_is_one_for_turned_and_scaled_features_and_falls_for_others() -> None:
    torch.manual_seed(0)
    one = torch.randn(50, 4)
    turned, _ = torch.linalg.qr(torch.randn(4, 4))
    assert linear_cka(one, 3 * one @ turned + 7) == pytest.approx(1)
    assert linear_cka(one, torch.randn(50, 4)) < 0.3
    # By hand, centred already: (1 * 1 + -1 * 1 + 0 * -2)^2 / ((1 + 1) * (1 + 1 + 4)) = 0; with itself doubled, 1.
    left, right = torch.tensor([[1.0], [-1], [0]]), torch.tensor([[1.0], [1], [-2]])
    assert linear_cka(left, right) == pytest.approx(0) and linear_cka(left, 2 * left) == pytest.approx(1)
    # (1, 0, -1) and (1, -1, 0): 1^2 / (2 * 2).
    assert linear_cka(torch.tensor([[1.0], [0], [-1]]), left) == pytest.approx(0.25)


def test_the_distance_is_a_share_of_the_length_before() -> None:
    before, after = nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        before.weight.copy_(torch.tensor([[3.0, 4]])), after.weight.copy_(torch.tensor([[3.0, 6]]))
    assert weight_distance([before], [after]) == pytest.approx(2 / 5)


def test_the_telling_unit_moves_the_score_and_is_not_merely_heavy() -> None:
    features = torch.tensor([[1.0, 0, 5], [1, 4, 5], [1, 8, 5]])  # the last unit never moves
    assert telling_units(torch.tensor([[0.5, 1, 9], [2.0, -3, 1]]), features)[0] == 1


def served(graft: Graft, run_model: RunId) -> changes.JsonObject:
    return complete(graft, graft.changes.start(run_model)).result or {}


@pytest.fixture
def untrained(graft: Graft, learnt: RunId) -> RunId:  # noqa: F811
    """A model that is just what its recipe starts with."""
    recipe = dataclasses.replace(PRESETS["instant"], backbone="mobilenet_v3_small", weights="none", seed=3)
    folder = graft.settings.models / str(learnt)
    card = load_model(folder).card
    torch.manual_seed(recipe.seed)
    files = save_model(folder, Network("mobilenet_v3_small", 3, image_size=64), card)
    with writing(graft.engine) as session:
        predictions.save_model(session, learnt, files=files, card=card.to_json())
        row = session.get(RunRow, learnt)
        assert row is not None
        row.recipe = recipe.to_json()
    return learnt


def test_a_network_that_did_not_learn_is_where_it_began_and_one_that_did_is_not(graft: Graft, untrained: RunId) -> None:
    served(graft, untrained)
    run = graft.changes.latest(untrained)
    assert run is not None
    view = graft.changes.view(run)
    assert view is not None and view.start == "none" and len(view.layers) > 2
    assert all(item.distance == 0 for item in view.layers)
    assert [unit.class_name for unit in view.units] == ["healthy", "rust", "mildew"]
    assert all(len(unit.pictures) == 3 for unit in view.units)  # there are only three pictures
    labels = {item.image: item.label for unit in view.units for item in unit.pictures}
    assert labels == {1: "healthy", 2: "rust", 3: "mildew"}

    folder = graft.settings.models / str(untrained)
    loaded = load_model(folder)
    with torch.no_grad():
        for parameter in loaded.network.body.parameters():
            parameter.mul_(1.5)
    files = save_model(folder, loaded.network, loaded.card)
    with writing(graft.engine) as session:
        predictions.save_model(session, untrained, files=files, card=loaded.card.to_json())
    warm._load.cache_clear()
    layers = served(graft, untrained)["layers"]
    assert [item["distance"] for item in layers] == pytest.approx([0.5] * len(layers))  # type: ignore[union-attr,call-overload,index]


def test_a_run_without_a_model_cannot_be_compared(graft: Graft, model: RunId) -> None:  # noqa: F811
    with pytest.raises(BadInput, match="no model"):
        graft.changes.start(RunId(1))
