"""Intervals hold the truth about as often as they promise: 95 times of 100, by simulation."""

import numpy as np
import pytest
from scipy.stats import norm

from core.evaluation import Interval, proportion, score_classes, score_numbers, units_of
from core.evaluation.ranking import auroc, ranked_interval
from core.evaluation.resampling import interval

TRIALS = 200
RECALLS = np.array([0.9, 0.8, 0.7])
# 200 trials at 95 %: fewer than 90 % would happen once in a thousand; more than 99.6 % says that they are too wide.
FEWEST, MOST = 0.9, 0.996


def holds(found: Interval | None, value: float) -> bool:
    assert found is not None
    return found.low <= value <= found.high


@pytest.mark.parametrize(
    ("units", "parts", "reach"),
    # sqrt((m + 1) / (m - 1)) of the units m of a part, at least two, times Student's t of all units less the parts.
    [(10, 1, np.sqrt(11 / 9) * 2.2622), (10, 2, np.sqrt(6 / 4) * 2.3060), (40, 30, np.sqrt(3) * 2.2281)],
)
def test_the_percentiles_of_few_units_lie_further_out_by_hand(units: int, parts: int, reach: float) -> None:
    samples = norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    found = interval(0.0, samples, units=units, parts=parts)
    assert (found.low, found.high) == pytest.approx((-reach, reach), rel=5e-3)


def draw_classes(random: np.random.Generator, each: int, case: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Pictures of three classes in cases of `case` pictures that are alike, named rightly as often as RECALLS say."""
    truth = np.repeat(np.arange(3), each)
    rate = RECALLS[truth[::case]]
    if case > 1:
        rate = random.beta(rate * 2, (1 - rate) * 2)
    right = random.random(len(truth)) < np.repeat(rate, case)
    other = (truth + random.integers(1, 3, len(truth))) % 3
    return truth, np.where(right, truth, other), [f"case {index // case}" for index in range(len(truth))]


@pytest.mark.parametrize(("each", "case"), [(10, 1), (40, 1), (40, 4)])
def test_accuracy_and_means_over_classes(each: int, case: int) -> None:
    random = np.random.default_rng(1)
    true = {"accuracy": 0.8, "balanced_accuracy": 0.8, "macro_f1": _true_macro_f1()}
    hits = dict.fromkeys(true, 0)
    for _ in range(TRIALS):
        truth, said, units = draw_classes(random, each, case)
        figures = score_classes(truth, said, 3, units=units).figures
        for name, expected in true.items():
            hits[name] += holds(figures[name], expected)
    for name, count in hits.items():
        assert FEWEST <= count / TRIALS <= MOST, name


def test_means_over_classes_that_come_from_five_groups_and_none_of_four() -> None:
    random = np.random.default_rng(5)
    hits = {"balanced_accuracy": 0, "macro_f1": 0}
    truth, names = np.tile(np.arange(10), 20), np.repeat([f"field {index}" for index in range(5)], 40).tolist()
    for _ in range(TRIALS):
        rate = np.repeat(random.beta(2.1, 0.9, 5), 40)  # what all classes of a field share
        said = np.where(random.random(200) < rate, truth, (truth + random.integers(1, 10, 200)) % 10)
        figures = score_classes(truth, said, 10, units=names).figures
        for name in hits:
            hits[name] += holds(figures[name], 0.7)
    assert all(count / TRIALS >= FEWEST for count in hits.values()), hits
    four = score_classes(truth[40:], truth[40:], 10, units=names[40:]).figures
    assert four["balanced_accuracy"] is four["macro_f1"] is None and four["accuracy"] is not None


def _true_macro_f1() -> float:
    matrix = np.diag(RECALLS) + (1 - np.eye(3)) * ((1 - RECALLS) / 2)[:, None]
    return float((2 * RECALLS / (1 + matrix.sum(0))).mean())


@pytest.mark.parametrize(("number", "wrong"), [(12, 0.1), (12, 0.02), (60, 0.1)])
def test_brier_scores_of_models_that_seldom_err(number: int, wrong: float) -> None:
    random, hits = np.random.default_rng(7), 0
    for _ in range(TRIALS):
        missed = random.random(number) < wrong  # sure of itself whenever it errs
        sure = np.where(missed, 0.1, 0.95)
        truth = np.arange(number) % 2
        shares = np.where(truth[:, None] == np.arange(2), sure[:, None], 1 - sure[:, None])
        found = score_classes(truth, shares.argmax(1), 2, probabilities=shares).figures["brier"]
        hits += holds(found, wrong * 0.81 + (1 - wrong) * 0.0025)
    assert hits / TRIALS >= FEWEST


def test_ignoring_cases_would_promise_too_much() -> None:
    random = np.random.default_rng(2)
    hits = 0
    for _ in range(TRIALS):
        truth, said, _ = draw_classes(random, 40, 4)
        hits += holds(proportion(truth == said, units_of([""] * len(truth))), 0.8)
    assert hits / TRIALS < FEWEST


def test_auroc_of_two_normal_curves() -> None:
    random, true, hits = np.random.default_rng(3), norm.cdf(1.5 / np.sqrt(2)), 0
    truth, units = np.repeat([0, 1], 20), units_of([""] * 40)
    for _ in range(TRIALS):
        share = random.normal(size=40) + 1.5 * truth
        hits += holds(ranked_interval(auroc(truth == 1, share, units), units), true)
    assert FEWEST <= hits / TRIALS <= MOST


@pytest.mark.parametrize("count", [20, 60])
def test_errors_of_numbers(count: int) -> None:
    random = np.random.default_rng(4)
    true = {"mae": np.sqrt(2 / np.pi), "rmse": 1.0, "r2": 0.8, "bias": 0.0}
    hits = dict.fromkeys(true, 0)
    for _ in range(TRIALS):
        truth = random.normal(size=count) * 2
        error = random.normal(size=count)
        figures = score_numbers(truth, truth + error).figures
        for name in ("mae", "rmse", "bias"):
            hits[name] += holds(figures[name], true[name])
        hits["r2"] += holds(figures["r2"], 0.75)
    for name, number in hits.items():
        assert FEWEST - 0.02 <= number / TRIALS <= MOST, name
