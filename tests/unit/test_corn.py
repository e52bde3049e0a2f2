"""Ordered grades by CORN: by hand, against the authors' implementation, and against the paper written out."""

import math

import pytest
import torch
from coral_pytorch.dataset import corn_label_from_logits
from coral_pytorch.losses import corn_loss
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from core.errors import BadInput
from core.inference import median_grade
from core.models import Network
from core.models.grades import grade_logits
from core.recipes import PRESETS
from core.training import fit_head
from core.training.losses import build_loss
from core.types import Task

CORN = PRESETS["instant"].with_settings({"loss": "corn", "imbalance": "ignore"})


def loss(ranks: Tensor, grades: Tensor, imbalance: str = "ignore") -> float:
    outputs = ranks.shape[1] + 1
    recipe = CORN.with_settings({"imbalance": imbalance})
    return float(build_loss(Task.ORDINAL, recipe, grades, outputs)(grade_logits(ranks), grades))


def test_probabilities_of_grades_by_hand() -> None:
    # Above grade 0 with 3/4, and then above grade 1 with 1/3: 1/4, 3/4 x 2/3, 3/4 x 1/3.
    ranks = torch.tensor([[math.log(3.0), math.log(0.5)]])
    assert grade_logits(ranks).exp()[0].tolist() == pytest.approx([0.25, 0.5, 0.25])


def test_the_loss_by_hand() -> None:
    # Grade 0 stands in the first conditional set only, grade 2 in both: three cross-entropies in all.
    ranks = torch.tensor([[math.log(3.0), math.log(0.5)]]).repeat(2, 1)
    wanted = -(math.log(1 / 4) + math.log(3 / 4) + math.log(1 / 3)) / 3
    assert loss(ranks, torch.tensor([0, 2])) == pytest.approx(wanted)


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(1, 20), st.integers(0, 1000))
def test_loss_and_gradient_are_those_of_the_authors(grades: int, count: int, seed: int) -> None:
    torch.manual_seed(seed)
    truth = torch.randint(0, grades, (count,))
    own, theirs = (torch.nn.Parameter(item) for item in [3 * torch.randn(count, grades - 1)] * 2)
    build_loss(Task.ORDINAL, CORN, truth, grades)(grade_logits(own), truth).backward()  # type: ignore[no-untyped-call]
    reference = corn_loss(theirs, truth, grades)
    reference.backward()
    assert loss(own.detach(), truth) == pytest.approx(float(reference.detach()), rel=1e-4, abs=1e-6)
    assert torch.allclose(own.grad, theirs.grad, atol=1e-5)  # type: ignore[arg-type]


def test_the_loss_is_the_paper_s_equation_written_out() -> None:
    torch.manual_seed(0)
    ranks, truth = torch.randn(30, 3), torch.randint(0, 4, (30,))
    total, count = 0.0, 0
    for rank in range(3):
        chosen = truth >= rank  # the conditional training set: y > r_(k-1)
        total += float(
            functional.binary_cross_entropy_with_logits(
                ranks[chosen, rank], (truth[chosen] > rank).float(), reduction="sum"
            )
        )
        count += int(chosen.sum())
    assert loss(ranks, truth) == pytest.approx(total / count, rel=1e-5)


def test_the_answer_is_the_authors_label() -> None:
    torch.manual_seed(1)
    ranks = 2 * torch.randn(200, 4)
    said = median_grade(torch.softmax(grade_logits(ranks), 1))
    assert torch.equal(said, corn_label_from_logits(ranks))


def test_grades_stay_finite_and_sum_to_one_far_out() -> None:
    logits = grade_logits(torch.tensor([[80.0, -80.0, 80.0], [-80.0, 80.0, 80.0]]))
    assert torch.isfinite(logits).all()
    assert logits.exp().sum(1).tolist() == pytest.approx([1, 1])
    assert logits.argmax(1).tolist() == [1, 0]


def test_rare_grades_can_weigh_more() -> None:
    ranks, truth = torch.zeros(4, 2), torch.tensor([0, 0, 0, 2])
    assert loss(ranks, truth) == pytest.approx(math.log(2))  # every term is log 2
    assert loss(ranks, truth, "weights") == pytest.approx(math.log(2))
    wrong = torch.tensor([[2.0, 0.0]] * 4)
    assert loss(wrong, truth, "weights") < loss(wrong, truth)  # the rare grade, which it gets right, counts more


def test_a_network_of_ranks_has_one_output_fewer_and_gives_a_logit_for_each_grade() -> None:
    network = Network("graft:tiny_cnn", 5, image_size=32, ranked=True)
    assert network.head.out_features == 4 and network.outputs == 5
    logits = network.eval()(torch.zeros(2, 3, 32, 32))
    assert logits.shape == (2, 5) and logits.exp().sum(1).tolist() == pytest.approx([1, 1], rel=1e-5)


def test_a_head_learns_grades_in_their_order() -> None:
    torch.manual_seed(0)
    x = torch.rand(200, 1) * 4
    truth = x[:, 0].long()
    recipe = CORN.with_settings({"epochs": "300", "patience": "0", "learning_rate": "0.1"})
    fit = fit_head(Task.ORDINAL, (x, truth), (x, truth), 3, recipe, lambda epoch, values: None, grade_logits)
    assert fit.weight.shape == (3, 1) and fit.score > 0.95


def test_a_loss_of_another_kind_of_label_is_refused() -> None:
    CORN.check_task(Task.ORDINAL)
    with pytest.raises(BadInput, match="'corn' is for a grade; a label here is one class"):
        CORN.check_task(Task.SINGLE)
    with pytest.raises(BadInput, match="'asymmetric' is for several classes; a label here is a number"):
        PRESETS["instant"].with_settings({"loss": "asymmetric"}).check_task(Task.REGRESSION)
    focal = PRESETS["instant"].with_settings({"loss": "focal"})
    for task in (Task.SINGLE, Task.ORDINAL, Task.MULTI):
        focal.check_task(task)
    with pytest.raises(BadInput, match="'focal' is for one class or a grade or several classes"):
        focal.check_task(Task.REGRESSION)
    squared = PRESETS["instant"].with_settings({"loss": "squared"})
    squared.check_task(Task.REGRESSION)
    with pytest.raises(BadInput, match="'squared' is for a number; a label here is one class"):
        squared.check_task(Task.SINGLE)
