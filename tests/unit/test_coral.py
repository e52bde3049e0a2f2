"""Ordered grades by CORAL: by hand, and against the authors' implementation."""

import math
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from coral_pytorch.dataset import levels_from_labelbatch, proba_to_label
from coral_pytorch.layers import CoralLayer
from coral_pytorch.losses import coral_loss
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core.catalogue import ModelCard
from core.inference import median_grade
from core.inference.onnx import write_onnx
from core.models import Network
from core.models.grades import SharedHead, new_head, shared_grade_logits
from core.recipes import PRESETS
from core.training import fit_head
from core.training.losses import build_loss
from core.types import Task

CORAL = PRESETS["instant"].with_settings({"loss": "coral", "imbalance": "ignore"})
BY_HAND = torch.tensor([[math.log(3.0), -math.log(3.0)]])
"""Above grade 0 with 3/4, above grade 1 with 1/4."""


def loss(ranks: Tensor, grades: Tensor, imbalance: str = "ignore") -> Tensor:
    recipe = CORAL.with_settings({"imbalance": imbalance})
    return build_loss(Task.ORDINAL, recipe, grades, ranks.shape[1] + 1)(shared_grade_logits(ranks), grades)


def test_probabilities_of_grades_by_hand() -> None:
    assert shared_grade_logits(BY_HAND).exp()[0].tolist() == pytest.approx([0.25, 0.5, 0.25])


def test_the_loss_by_hand() -> None:
    # Two cross-entropies for each picture, whatever its grade: of 3/4 and 1/4, then of 3/4 twice.
    assert float(loss(BY_HAND, torch.tensor([0]))) == pytest.approx(-math.log(1 / 4) - math.log(3 / 4))
    both = -(math.log(1 / 4) + 3 * math.log(3 / 4)) / 2
    assert float(loss(BY_HAND.repeat(2, 1), torch.tensor([2, 1]))) == pytest.approx(both)


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(1, 20), st.integers(0, 1000))
def test_loss_and_gradient_are_those_of_the_authors(grades: int, count: int, seed: int) -> None:
    torch.manual_seed(seed)
    truth, heights = torch.randint(0, grades, (count,)), torch.arange(grades - 1, 0, -1) / grades
    own, theirs = (torch.nn.Parameter(item) for item in [3 * torch.randn(count, 1) + heights] * 2)
    loss(own, truth).backward()  # type: ignore[no-untyped-call]
    reference = coral_loss(theirs, levels_from_labelbatch(truth, grades))
    reference.backward()
    assert float(loss(own.detach(), truth)) == pytest.approx(float(reference.detach()), rel=1e-4, abs=1e-6)
    assert torch.allclose(own.grad, theirs.grad, atol=1e-4)  # type: ignore[arg-type]


def test_the_head_starts_and_looks_as_the_authors_layer() -> None:
    theirs, own = CoralLayer(7, 5), SharedHead(7, 4)
    assert torch.allclose(own.bias, theirs.coral_bias)
    with torch.no_grad():
        own.weight.copy_(theirs.coral_weights.weight.expand(4, 7))
    features = torch.randn(6, 7)
    assert torch.allclose(own(features), theirs(features), atol=1e-6)


def test_the_answer_is_the_authors_label() -> None:
    torch.manual_seed(1)
    ranks = 3 * torch.randn(200, 1) + torch.tensor([1.5, 0.5, -0.5, -1.5])
    said = median_grade(torch.softmax(shared_grade_logits(ranks), 1))
    assert torch.equal(said, proba_to_label(torch.sigmoid(ranks)))


def test_grades_stay_finite_and_sum_to_one_far_out_and_where_ranks_have_crossed() -> None:
    logits = shared_grade_logits(torch.tensor([[80.0, 79.0], [-80.0, -81.0], [1.0, 1.0], [-1.0, 2.0]]))
    assert torch.isfinite(logits).all()
    assert logits.exp().sum(1).tolist() == pytest.approx([1, 1, 1, 1], abs=1e-5)
    assert torch.equal(logits[3], shared_grade_logits(torch.tensor([[2.0, -1.0]]))[0])


def test_rare_grades_can_weigh_more() -> None:
    wrong, truth = torch.tensor([[2.0, 1.0]] * 4), torch.tensor([0, 0, 0, 2])
    assert loss(wrong, truth, "weights") < loss(wrong, truth)  # the rare grade, which it gets right, counts more


def test_a_head_learns_grades_in_their_order_by_one_direction() -> None:
    torch.manual_seed(0)
    x = torch.rand(200, 2) * 4
    truth = x[:, 0].long()
    recipe = CORAL.with_settings({"epochs": "500", "patience": "0", "learning_rate": "0.1"})
    fit = fit_head(Task.ORDINAL, (x, truth), (x, truth), 3, recipe, lambda epoch, values: None, shared_grade_logits)
    assert fit.score > 0.95
    assert torch.allclose(fit.weight, fit.weight[:1].expand(3, 2), rtol=1e-4)
    assert bool((fit.bias.diff() < 0).all())


def test_a_new_head_answers_the_same_for_every_picture() -> None:
    assert torch.equal(*new_head(5, 3, shared=True)(torch.randn(2, 5)))


def test_the_file_for_other_programs_says_what_the_network_says(tmp_path: Path) -> None:
    network = Network("graft:tiny_cnn", 4, image_size=32, ranked=True, shared=True).eval()
    assert network.head.out_features == 3 and network.outputs == 4
    card = ModelCard(
        task=Task.ORDINAL, classes=("a", "b", "c", "d"), class_ids=(1, 2, 3, 4), backbone="graft:tiny_cnn",
        image_size=32, framing="squash", mean=network.mean, std=network.std, temperature=1.7, ranked=True, shared=True,
    )  # fmt: skip
    path = tmp_path / "model.onnx"
    write_onnx(path, network, card)
    pictures = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    (said,) = onnxruntime.InferenceSession(path).run(None, {"pictures": pictures.numpy()})
    with torch.inference_mode():
        assert np.allclose(said, torch.softmax(network(pictures) / 1.7, 1), atol=1e-5)
