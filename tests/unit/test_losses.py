"""Losses, scores and answers of every task, by hand and against scikit-learn."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, balanced_accuracy_score, cohen_kappa_score, r2_score
from torch import nn

from core.catalogue import ModelCard
from core.inference import answers, median_grade
from core.recipes import PRESETS
from core.training import score
from core.training.losses import build_loss, class_weights, effective_weights, rarity
from core.types import Task

BALANCED = PRESETS["balanced"]


def test_rare_classes_weigh_more_by_hand() -> None:
    assert class_weights(torch.tensor([0, 0, 0, 1]), 3).tolist() == pytest.approx([4 / (3 * 2), 4 / (1 * 2), 0])


def test_losses_of_every_task_by_hand() -> None:
    plain = BALANCED.with_settings({"imbalance": "ignore"})
    logits = torch.tensor([[math.log(3.0), 0.0]])
    one = build_loss(Task.SINGLE, plain, torch.tensor([0, 1]), 2)(logits, torch.tensor([0]))
    assert float(one) == pytest.approx(math.log(4 / 3))
    several = build_loss(Task.MULTI, plain, torch.ones(2, 2), 2)(logits, torch.tensor([[1.0, 0.0]]))
    assert float(several) == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    number = build_loss(Task.REGRESSION, plain, torch.zeros(2), 1)(torch.tensor([[3.0]]), torch.tensor([1.0]))
    assert float(number) == pytest.approx(1.5)  # Huber: |2| - 1/2
    squared = build_loss(Task.REGRESSION, plain.with_settings({"loss": "squared"}), torch.zeros(2), 1)
    assert float(squared(torch.tensor([[3.0]]), torch.tensor([1.0]))) == 4


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_scores_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth = torch.tensor([pair[0] for pair in pairs])
    said = torch.tensor([pair[1] for pair in pairs])
    logits = nn.functional.one_hot(said, 4).float() * 9
    if set(said.tolist()) <= set(truth.tolist()) and len(set(truth.tolist())) > 1:
        assert score(Task.SINGLE, logits, truth) == pytest.approx(balanced_accuracy_score(truth, said))
    if len({*truth.tolist(), *said.tolist()}) > 1:
        assert score(Task.ORDINAL, logits, truth) == pytest.approx(cohen_kappa_score(truth, said, weights="quadratic"))
    numbers = said.float()
    assert score(Task.REGRESSION, numbers[:, None], truth.float()) == pytest.approx(r2_score(truth, numbers.double()))
    mistyped = torch.tensor([1e25, *truth.float()[1:].tolist()])
    assert math.isfinite(score(Task.REGRESSION, numbers[:, None], mistyped)), "its square does not fit 32 bits"


def test_mean_average_precision_leaves_out_classes_that_are_everywhere_or_nowhere() -> None:
    truth = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    logits = torch.tensor([[2.0, 0, 0], [1.0, 0, 0], [0.0, 0, 0]])
    assert score(Task.MULTI, logits, truth) == pytest.approx(average_precision_score(truth[:, 0], logits[:, 0]))
    once = truth.clone()
    once[2, 2] = 1  # told from the others by one picture alone
    logits[2, 2] = -1
    assert score(Task.MULTI, logits, once) == pytest.approx((score(Task.MULTI, logits, truth) + 1 / 3) / 2)
    assert score(Task.MULTI, logits, torch.ones(3, 3)) == 0


def test_the_median_grade_by_hand() -> None:
    shares = torch.tensor([[0.4, 0.2, 0.4], [0.6, 0.2, 0.2], [0.1, 0.2, 0.7]])
    assert median_grade(shares).tolist() == [1, 0, 2]


def card(task: Task, **changes: object) -> ModelCard:
    values = {
        "task": task, "classes": ("a", "b"), "class_ids": (1, 2), "backbone": "resnet18", "image_size": 8,
        "framing": "squash", "mean": (0.5,) * 3, "std": (0.5,) * 3, **changes,
    }  # fmt: skip
    return ModelCard(**values)  # type: ignore[arg-type]


def test_answers_of_every_task_by_hand() -> None:
    logits = torch.tensor([[math.log(3.0), 0.0]])
    one = answers(card(Task.SINGLE), logits)[0]
    assert (one.index, one.confidence) == (0, pytest.approx(0.75))
    cooler = answers(card(Task.SINGLE, temperature=2.0), logits)[0]
    assert cooler.confidence == pytest.approx(math.sqrt(3) / (1 + math.sqrt(3)))
    several = answers(card(Task.MULTI, thresholds=(0.8, 0.4)), logits)[0]
    assert several.classes == (1,) and several.confidence == pytest.approx(0.25)
    number = answers(card(Task.REGRESSION, number_mean=10.0, number_std=2.0), torch.tensor([[1.5]]))[0]
    assert number.number == 13.0 and number.probabilities is None


def test_losses_for_rare_classes_by_hand() -> None:
    targets = torch.tensor([0, 0, 0, 1])
    effective = effective_weights(targets, 2)
    ratio = (1 - 0.999**3) / (1 - 0.999)
    assert float(effective[1] / effective[0]) == pytest.approx(ratio, rel=1e-3)
    assert float((effective[targets]).mean()) == pytest.approx(1.0)
    assert effective_weights(targets, 3).tolist() == pytest.approx([*effective.tolist(), 0]), "no picture, no weight"
    shifted = build_loss(Task.SINGLE, BALANCED.with_settings({"imbalance": "logits"}), targets, 2)
    # With the prior as the only knowledge the shifted softmax is the prior itself.
    assert float(shifted(torch.zeros(1, 2), torch.tensor([1]))) == pytest.approx(math.log(4))


def test_for_rare_classes_among_several_presence_weighs_more_or_is_corrected_for() -> None:
    targets = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])  # of four pictures three and one
    said = torch.zeros(1, 2)

    def loss(imbalance: str, classes: list[int], kind: str = "standard") -> float:
        recipe = BALANCED.with_settings({"imbalance": imbalance, "loss": kind})
        return float(build_loss(Task.MULTI, recipe, targets, 2)(said, torch.tensor([classes]).float()))

    assert loss("ignore", [1, 1]) == loss("sampling", [1, 1]) == pytest.approx(math.log(2))
    assert loss("weights", [1, 1]) == pytest.approx((1 / 3 + 3) / 2 * math.log(2))
    three = (1 - 0.999**3) / (1 - 0.999)
    assert loss("effective", [1, 1]) == pytest.approx((1 / three + three) / 2 * math.log(2), rel=1e-4)
    assert loss("weights", [0, 0]) == loss("effective", [0, 0]) == pytest.approx(math.log(2)), "absence is not weighed"
    # With the prior as the only knowledge the shifted shares are the prior itself: 3/4 and 1/4.
    assert loss("logits", [1, 1]) == pytest.approx(-(math.log(3 / 4) + math.log(1 / 4)) / 2)
    assert loss("logits", [1, 1], "focal") == pytest.approx(
        -((1 / 4) ** 2 * math.log(3 / 4) + (3 / 4) ** 2 * math.log(1 / 4)) / 2
    )
    assert all(math.isfinite(loss(name, [1, 0])) for name in ("weights", "effective", "logits"))


@pytest.mark.parametrize("imbalance", ["weights", "effective", "logits"])
@pytest.mark.parametrize("named", [0.0, 1.0])
def test_a_class_that_no_picture_or_every_picture_has_gives_a_finite_loss(imbalance: str, named: float) -> None:
    targets = torch.tensor([[1.0, named], [0.0, named]])
    loss = build_loss(Task.MULTI, BALANCED.with_settings({"imbalance": imbalance}), targets, 2)
    assert math.isfinite(float(loss(torch.zeros(2, 2), targets)))


def test_pictures_are_drawn_by_the_rarest_of_their_classes() -> None:
    one = rarity(torch.tensor([0, 0, 0, 1]), 3)
    assert float(one[:3].sum()) == pytest.approx(float(one[3])), "both classes that there are come equally often"
    several = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert rarity(several, 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1]), "none of them is a class, too"


def test_focal_loss_by_hand_and_as_cross_entropy_without_focus() -> None:
    plain = BALANCED.with_settings({"imbalance": "ignore", "loss": "focal"})
    logits = torch.tensor([[math.log(3.0), 0.0]])
    one = build_loss(Task.SINGLE, plain, torch.tensor([0, 1]), 2)(logits, torch.tensor([0]))
    assert float(one) == pytest.approx(0.25**2 * math.log(4 / 3))
    several = build_loss(Task.MULTI, plain, torch.ones(2, 2), 2)(logits, torch.tensor([[1.0, 0.0]]))
    assert float(several) == pytest.approx((0.25**2 * math.log(4 / 3) + 0.5**2 * math.log(2)) / 2)


def test_the_asymmetric_loss_forgives_absent_classes_said_softly() -> None:
    logits = torch.tensor([[-4.0, 0.0]])  # 0.018, below the margin, and 0.5
    loss = build_loss(Task.MULTI, BALANCED.with_settings({"loss": "asymmetric"}), torch.ones(2, 2), 2)
    assert float(loss(logits, torch.zeros(1, 2))) == pytest.approx(-(0.45**4) * math.log(0.55) / 2, rel=1e-4)
