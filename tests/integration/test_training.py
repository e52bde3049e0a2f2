"""The training job on tiny pictures."""

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import BadInput, NotEnoughImages
from core.graft import Graft
from core.models import load_model
from core.recipes import PRESETS, SMALL, Recipe
from core.types import ProjectId, RunId, Split, Task
from tests.at_once import complete

TINY: Recipe = PRESETS["instant"].with_settings({"image_size": "64", "weights": "none"})


def trained(graft: Graft, project: ProjectId) -> RunId:
    return complete(graft, graft.training.start(project, TINY)).id


def test_an_instant_training_learns_to_tell_red_from_green(graft: Graft, project: ProjectId) -> None:
    run_id = trained(graft, project)
    view = graft.results.read(run_id)
    assert view.scores.count == 6
    assert view.scores.figures["accuracy"] is not None and view.scores.figures["accuracy"].value == 1.0
    assert graft.results.cell(run_id, Split.TEST, 0, 1) == []
    assert len(graft.results.cell(run_id, Split.TEST, 0, 0)) == 3
    assert "validation/score" in graft.training.curves(run_id)


def test_the_saved_model_says_what_the_run_said(graft: Graft, project: ProjectId) -> None:
    run_id = trained(graft, project)
    loaded = load_model(graft.settings.models / str(run_id))
    record = graft.results.cell(run_id, Split.TEST, 0, 0)[0]
    picture = (
        Image.open(graft.gallery.store.path(record.blob)).convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)
    )
    with torch.inference_mode():
        logits = loaded.network(torch.from_numpy(np.asarray(picture).transpose(2, 0, 1)[None].copy()))
    shares = torch.softmax(logits / loaded.card.temperature, 1)[0]
    assert shares.tolist() == pytest.approx(record.probabilities, abs=1e-4)


def test_the_same_recipe_on_the_same_labels_gives_the_same_numbers(graft: Graft, project: ProjectId) -> None:
    first, second = trained(graft, project), trained(graft, project)
    assert graft.training.read(first).version_id == graft.training.read(second).version_id
    assert graft.training.curves(first) == graft.training.curves(second)


def test_too_few_labels_are_said_with_the_number_needed(graft: Graft) -> None:
    empty = graft.projects.create("Empty", Task.SINGLE)
    with pytest.raises(NotEnoughImages, match="at least two classes with 5"):
        graft.training.start(empty, TINY)


def test_what_cannot_be_trained_is_said_before_anything_is_queued(graft: Graft, project: ProjectId) -> None:
    for field, value, words in [
        ("backbone", "resnet19", "no backbone 'resnet19'"),
        ("weights", "run:77", "Run 77 has no model"),
        ("weights", "file:/nowhere.pt", "no file of weights"),
        ("tune", "attention", "mobilenet_v3_small has no attention that could learn alone"),
    ]:
        with pytest.raises(BadInput, match=words):
            graft.training.start(project, TINY.with_settings({field: value}))
    assert graft.training.list(project) == []


def test_the_automatic_recipe_is_chosen_from_the_pictures_that_are_there(graft: Graft, project: ProjectId) -> None:
    # 18 of 30 pictures are learnt from; each is 48 pixels; the machine is set to its CPU.
    choice = graft.training.automatic(project, SMALL, "imagenet")
    assert (choice.recipe.tune, choice.recipe.image_size, choice.recipe.backbone) == ("head", 128, "mobilenet_v3_small")
    assert choice.reasons[0].startswith("Only the last layer learns: of 18 pictures")
    choice = graft.training.automatic(project, SMALL, "bundled")
    assert (choice.recipe.tune, choice.recipe.weights, choice.recipe.backbone_factor) == ("all", "bundled", 1.0)
    assert choice.reasons[0].startswith("The whole network learns")
