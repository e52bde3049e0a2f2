"""Ordered grades learnt rank by rank, from the recipe to the results."""

from collections.abc import Callable

import pytest
import torch

from core.errors import BadInput
from core.explanation import explain
from core.features import PixelCache
from core.graft import Graft
from core.inference import answers, compute_logits
from core.models import load_model
from core.recipes import PRESETS, Recipe
from core.types import ProjectId, Split, Task
from tests.at_once import complete
from tests.integration.test_fine_tuning import import_colours

__all__ = ["import_colours"]
BASE = {"image_size": "32", "weights": "bundled", "loss": "corn"}
HEAD: Recipe = PRESETS["instant"].with_settings(BASE)
CORAL: Recipe = HEAD.with_settings({"loss": "coral"})
WHOLE: Recipe = PRESETS["thorough"].with_settings({**BASE, "epochs": "2"})  # mixes grades, too


@pytest.fixture
def grades(import_colours: Callable[..., ProjectId]) -> ProjectId:
    return import_colours(Task.ORDINAL, lambda index: str(index // 10), ["0", "1", "2"])


@pytest.mark.parametrize(
    ("recipe", "folds"),
    [(HEAD, 0), (WHOLE, 0), (HEAD, 2), (CORAL, 0), (WHOLE.with_settings({"loss": "coral"}), 0), (CORAL, 2)],
    ids=["head", "all", "folds", "coral-head", "coral-all", "coral-folds"],
)
def test_what_the_results_show_is_what_the_saved_model_says(
    graft: Graft, grades: ProjectId, recipe: Recipe, folds: int
) -> None:
    run_id = graft.training.start(grades, recipe, folds=folds)
    complete(graft, run_id)
    model = load_model(graft.settings.models / str(run_id))
    assert model.card.ranked and model.network.head.out_features == (4 if folds else 2)
    pixels = PixelCache(graft.settings, 32, "squash")
    points = graft.results.points(run_id, Split.TEST)
    blobs = [item.blob for item in points]
    pixels.fill(blobs)
    for said, kept in zip(
        answers(model.card, compute_logits(model.network, [pixels.read(blobs)])), points, strict=True
    ):
        assert said.probabilities == pytest.approx(kept.probabilities, abs=1e-4)
        assert sum(kept.probabilities) == pytest.approx(1, abs=1e-5)
    figures = graft.results.read(run_id, Split.TEST).scores.figures
    assert figures["quadratic_kappa"] is not None and figures["grades_off"] is not None
    heat = explain(model.network, pixels.read(blobs[:1]), torch.tensor([2]))
    assert heat.shape == (1, 32, 32)


def test_ranks_are_for_grades_only(graft: Graft, import_colours: Callable[..., ProjectId]) -> None:
    project = import_colours(Task.SINGLE, lambda index: "dark" if index < 15 else "light", ["dark", "light"])
    for start in (graft.training.start, lambda *given: graft.benchmarks.start(*given, ["resnet18"])):
        with pytest.raises(BadInput, match="is for a grade; a label here is one class"):
            start(project, HEAD.with_settings({"weights": "none", "tune": "all"}))
    assert graft.training.list(project) == []
