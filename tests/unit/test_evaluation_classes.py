"""Scores of one class per picture, against scikit-learn and by hand."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    f1_score,
    mean_absolute_error,
    precision_recall_fscore_support,
    roc_auc_score,
)

from core.evaluation import Scores, score_classes, score_numbers, score_sets, units_of
from core.evaluation.classification import sample_confusion
from core.evaluation.interval import proportion, wilson
from core.evaluation.ranking import auroc, average_precision
from core.evaluation.resampling import Resampler


def draw(count: int, classes: int, *, seed: int = 0, skill: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, count)
    logits = random.normal(size=(count, classes))
    logits[np.arange(count), truth] += skill
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return truth, shares.argmax(1), shares


def value(scores: Scores, name: str) -> float:
    found = scores.figures[name]
    assert found is not None
    return found.value


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=80))
def test_scores_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    scores, present = score_classes(truth, predicted, 4, ordered=True), sorted(set(truth))
    assert value(scores, "accuracy") == pytest.approx(accuracy_score(truth, predicted))
    assert value(scores, "grades_off") == pytest.approx(mean_absolute_error(truth, predicted))
    if len(present) == 1:
        assert scores.figures["balanced_accuracy"] is None and scores.figures["macro_f1"] is None
        return
    f1 = f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    assert value(scores, "macro_f1") == pytest.approx(f1)
    kappa = cohen_kappa_score(truth, predicted, labels=range(4), weights="quadratic")
    assert value(scores, "quadratic_kappa") == pytest.approx(kappa)
    if set(predicted) <= set(truth):
        assert value(scores, "balanced_accuracy") == pytest.approx(balanced_accuracy_score(truth, predicted))


def test_classes_and_probabilities_agree_with_scikit_learn() -> None:
    truth, predicted, shares = draw(300, 3)
    scores = score_classes(truth, predicted, 3, probabilities=shares)
    precision, recall, f1, support = precision_recall_fscore_support(truth, predicted)
    for k, found in enumerate(scores.classes):
        assert found.precision is not None and found.precision.value == pytest.approx(precision[k])
        assert found.recall is not None and found.recall.value == pytest.approx(recall[k])
        assert found.f1 is not None and found.f1.value == pytest.approx(f1[k])
        assert found.specificity is not None
        assert found.specificity.value == pytest.approx((predicted[truth != k] != k).mean())
        assert found.auroc is not None and found.auroc.value == pytest.approx(roc_auc_score(truth == k, shares[:, k]))
        assert found.average_precision is not None
        assert found.average_precision.value == pytest.approx(average_precision_score(truth == k, shares[:, k]))
        assert found.support == support[k]
    assert value(scores, "brier") == pytest.approx(brier_score_loss(truth, shares, scale_by_half=True))
    assert value(scores, "auroc") == pytest.approx(roc_auc_score(truth, shares, multi_class="ovr"))


def test_ranking_counts_equal_probabilities_as_scikit_learn_does() -> None:
    truth = np.tile([1, 0, 1, 1, 0, 0, 1, 0], 2)
    shares = np.tile([0.9, 0.9, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1], 2)
    found = score_classes(
        truth, (shares > 0.4).astype(int), 2, probabilities=np.stack([1 - shares, shares], 1)
    ).classes[1]
    assert found.auroc is not None and found.auroc.value == pytest.approx(roc_auc_score(truth, shares))
    assert found.average_precision is not None
    assert found.average_precision.value == pytest.approx(average_precision_score(truth, shares))


def test_a_handful_of_pictures_ranks_nothing() -> None:
    """Their interval would go from 0 to 1; many classes with few pictures each still have a mean."""
    truth = [0, 0, 0, 1, 1]
    few = score_classes(truth, truth, 2, probabilities=[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.7, 0.3]])
    assert few.figures["auroc"] is None and {item.auroc for item in few.classes} == {None}
    assert {item.average_precision for item in few.classes} == {None}
    many = np.repeat(np.arange(6), 2)
    shares = np.full((12, 6), 0.1)
    shares[np.arange(12), (many + (np.arange(12) % 4 == 0)) % 6] = 0.5
    found = score_classes(many, many, 6, probabilities=shares)
    assert {item.auroc for item in found.classes} == {None} and found.figures["auroc"] is not None


@pytest.mark.parametrize(("ours", "theirs"), [(auroc, roc_auc_score), (average_precision, average_precision_score)])
def test_how_much_a_picture_moves_a_ranking_is_what_its_weight_does_to_scikit_learn_s(ours: Any, theirs: Any) -> None:
    random = np.random.default_rng(0)
    there = random.random(40) < 0.4
    shares = np.round(random.random(40) + 0.3 * there, 1)  # many are equal
    found = ours(there, shares, units_of([""] * 40))
    for picture in range(40):
        more, less = np.ones(40), np.ones(40)
        more[picture], less[picture] = 1.001, 0.999
        slope = (theirs(there, shares, sample_weight=more) - theirs(there, shares, sample_weight=less)) / 0.002
        assert found.influence[picture] == pytest.approx(slope, abs=1e-5)


def test_the_confusion_matrix_has_truth_as_rows() -> None:
    scores = score_classes([0, 0, 0, 1, 2], [0, 1, 1, 1, 0], 3)
    assert scores.cells == ((1, 2, 0), (0, 1, 0), (1, 0, 0))
    assert [(item.support, item.said, item.right) for item in scores.classes] == [(3, 2, 1), (1, 3, 1), (1, 0, 0)]
    assert scores.classes[2].precision is None, "never said: nothing to be right about"


def test_what_was_not_seen_but_may_be_is_half_a_picture_right_and_half_a_picture_wrong() -> None:
    truth = np.repeat([0, 1], 60)  # none is of the third class, and all are named rightly
    drawn = sample_confusion(truth, truth, 3, Resampler(units_of([""] * 120), resamples=4000))
    wrong = drawn[:, :2] * (1 - np.eye(3)[:2])
    assert drawn.min() >= 0 and not drawn[:, 2].any()
    assert np.allclose(wrong[:, 0, 1], wrong[:, 0, 2]) and np.allclose(wrong[:, 1, 0], wrong[:, 1, 2]), "alike likely"
    assert wrong.sum((1, 2)).mean() == pytest.approx(0.5, abs=0.05)
    assert drawn.sum((1, 2)).mean() == pytest.approx(120 + 0.5 + 0.5, abs=0.7)


def test_wilson_s_interval_by_hand() -> None:
    interval = wilson(8, 10)
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.4902, 0.9433)
    assert wilson(0, 0) is None


def test_pictures_that_are_all_alike_within_their_case_count_once() -> None:
    right = np.repeat([True, True, True, False, True, True], 10)
    interval = proportion(right, units_of([f"case {index // 10}" for index in range(60)]))
    alone, six = proportion(right, units_of([""] * 60)), wilson(5, 6)
    assert interval is not None and alone is not None and six is not None
    assert interval.value == alone.value == pytest.approx(5 / 6)
    assert interval.low < six.low < alone.low, "six cases say no more than six pictures, and less for so few"


def test_independent_pictures_in_cases_lose_nearly_nothing() -> None:
    right = np.random.default_rng(0).random(2000) < 0.8
    interval = proportion(right, units_of([f"case {index // 4}" for index in range(2000)]))
    alone = proportion(right, units_of([""] * 2000))
    assert interval is not None and alone is not None
    assert interval.high - interval.low < 1.15 * (alone.high - alone.low)


def test_no_mistake_in_few_pictures_is_no_proof() -> None:
    figures = score_classes([0, 0, 1, 1, 1], [0, 0, 1, 1, 1], 2).figures
    for name in ("accuracy", "balanced_accuracy", "macro_f1"):
        found = figures[name]
        assert found is not None and found.value == found.high == 1 and found.low < 0.75


def test_one_class_in_the_test_split_gives_no_means_over_classes() -> None:
    scores = score_classes([1, 1, 1], [1, 0, 1], 2, probabilities=[[0.2, 0.8], [0.7, 0.3], [0.1, 0.9]])
    assert value(scores, "accuracy") == pytest.approx(2 / 3)
    for name in ("balanced_accuracy", "macro_f1", "auroc", "ece", "brier"):
        assert scores.figures[name] is None
    assert value(score_classes([0, 0, 0], [0, 0, 0], 1), "accuracy") == 1, "also where there is only one to choose from"
    assert scores.classes[0].recall is None and scores.classes[0].auroc is None and scores.classes[0].f1 is None


def test_equal_input_gives_equal_intervals() -> None:
    truth, predicted, shares = draw(80, 3)
    assert score_classes(truth, predicted, 3, probabilities=shares) == score_classes(
        truth, predicted, 3, probabilities=shares
    )


def test_five_thousand_pictures_are_scored_in_well_under_a_second() -> None:
    truth, predicted, shares = draw(5000, 5)
    score_classes(truth, predicted, 5, probabilities=shares)
    started = time.process_time()
    score_classes(truth, predicted, 5, probabilities=shares)
    assert time.process_time() - started < 0.5


def test_no_picture_is_a_programmer_s_mistake() -> None:
    for score in (lambda: score_classes([], [], 2), lambda: score_sets([], [], 2), lambda: score_numbers([], [])):
        with pytest.raises(ValueError, match="no pictures"):
            score()
