"""What a decision comes to: by hand, and its intervals by drawing many times."""

import numpy as np
import pytest
from scipy.stats import norm

from core.evaluation.decision import (
    Use,
    decide,
    decision_curve,
    enough,
    leaning,
    moved,
    pays,
    threshold_of,
    with_gaps,
)
from core.evaluation.interval import units_of


def test_the_threshold_follows_from_costs_and_prevalence_by_hand() -> None:
    assert Use(prevalence=0.5, miss=9).act_from == 0.1, (
        "a miss as bad as nine false alarms: act from a chance of 1 in 10"
    )
    assert threshold_of(Use(prevalence=0.5, miss=1), 0.5) == 0.5
    # As common there as among the pictures: the threshold is the chance itself.
    assert threshold_of(Use(prevalence=0.2, miss=4), 0.2) == pytest.approx(0.2)
    # Odds of 1 to 19 there, even here: a chance of even odds there is one of 19 to 1 here.
    assert threshold_of(Use(prevalence=0.05, miss=1), 0.5) == pytest.approx(0.95)
    assert moved(0.95, 0.5, 0.05) == pytest.approx(0.5)


def test_a_class_that_counted_more_while_learning_is_acted_on_at_the_price_that_was_given() -> None:
    random = np.random.default_rng(0)
    there = random.random(8000) < 0.05
    seen = 2 * (random.normal(size=8000) + 2 * there) - 2
    # The chances are those of 1 in 20; learnt with a weight of 19 for the class, the model says those of even odds.
    chances, told = (1 / (1 + np.exp(-(seen + prior))) for prior in (-np.log(19), 0))
    lean = leaning(there, told)
    assert lean == pytest.approx(-np.log(19), abs=0.15) and leaning(there, chances) == pytest.approx(0, abs=0.15)
    threshold = threshold_of(Use(prevalence=0.05, miss=9), 0.05, lean)
    assert np.mean((told >= threshold) == (chances >= 0.1)) > 0.98, "acting from a chance of 1 in 10, as was asked"
    cost = {cut: 9 * (there & (told < cut)).sum() + (~there & (told >= cut)).sum() for cut in (0.1, threshold)}
    assert cost[threshold] < 0.7 * cost[0.1], "what the model says is no chance here"
    (learnt,), (honest,) = (
        decision_curve(there, shares, units_of([""] * 8000), 0.05, 0.05, [0.1], lean=leaning(there, shares))
        for shares in (told, chances)
    )
    assert learnt.model.value == pytest.approx(honest.model.value, abs=1)


def test_few_pictures_move_the_probabilities_little() -> None:
    assert leaning(np.repeat([True, False], [20, 80]), np.full(100, 0.2)) == pytest.approx(0, abs=1e-9)
    assert -1 < leaning(np.array([False]), np.array([1.0])) < -0.9, "as sure as can be, once, and wrong"


def test_what_is_found_and_missed_of_a_thousand_by_hand() -> None:
    there = np.array([True] * 10 + [False] * 10)
    shares = np.array([0.9] * 8 + [0.1] * 2 + [0.9] * 1 + [0.1] * 9)
    found = decide(there, shares, units_of([""] * 20), Use(prevalence=0.05, miss=1), 0.5)
    assert found is not None and (found.support, found.count) == (10, 20)
    assert found.sensitivity.value == 0.8 and found.specificity.value == 0.9
    assert found.found.value == pytest.approx(40) and found.missed.value == pytest.approx(10)
    assert found.false_alarms.value == pytest.approx(95) and found.left_alone.value == pytest.approx(855)
    assert found.ppv is not None and found.ppv.value == pytest.approx(40 / 135)
    assert found.npv is not None and found.npv.value == pytest.approx(855 / 865)
    dear = decide(there, shares, units_of([""] * 20), Use(prevalence=0.05, miss=20), 0.5)
    assert dear is not None and dear.cost.value == pytest.approx(10 * 20 + 95)
    assert (Use(prevalence=0.05, miss=20).cost_of_all, Use(prevalence=0.05, miss=20).cost_of_none) == (950, 1000)
    for item in (found.ppv, found.npv, found.found, found.false_alarms, dear.cost):
        assert item.low < item.value < item.high


def test_a_model_without_a_mistake_among_twenty_pictures_may_still_make_some() -> None:
    there = np.array([True] * 10 + [False] * 10)
    found = decide(there, there.astype(float), units_of([""] * 20), Use(prevalence=0.05, miss=1), 0.5)
    assert found is not None and found.ppv is not None and found.npv is not None
    assert found.found.value == found.found.high == pytest.approx(50) and found.found.low < 45
    assert found.left_alone.value == found.left_alone.high == pytest.approx(950) and found.left_alone.low < 900
    assert found.ppv.value == 1 and found.ppv.low < 0.5 and found.npv.value == 1 and found.npv.low < 0.999
    wrong = decide(there, 1.0 - there, units_of([""] * 20), Use(prevalence=0.05, miss=1), 0.5)
    assert wrong is not None and wrong.found.value == 0 and wrong.found.high > 5
    assert wrong.false_alarms.value == pytest.approx(950) and wrong.false_alarms.low < 900


def test_where_the_model_pays_here_and_there_its_range_is_told_with_gaps() -> None:
    by_model, on_all = [0.3, 0.3, -0.1, 0.1, 0.0], [0.4, 0.2, 0.0, -0.2, -0.5]
    paying = [pays(one, other) for one, other in zip(by_model, on_all, strict=True)]
    assert paying == [False, True, False, True, False]
    assert with_gaps(paying) == ", though not everywhere between"
    assert with_gaps([False, True, True, False]) == with_gaps([False, False]) == ""


def test_a_model_that_never_says_so_has_no_predictive_value() -> None:
    found = decide(
        np.array([True, True, False, False]), np.zeros(4), units_of([""] * 4), Use(prevalence=0.1, miss=1), 0.5
    )
    assert found is not None and found.ppv is None and found.npv is not None and found.npv.value == pytest.approx(0.9)


def test_one_case_with_the_class_is_too_few() -> None:
    there = np.array([True, True, True, False, False])
    units = units_of(["a", "a", "a", "b", "c"])
    assert not enough(there, units) and decide(there, np.zeros(5), units, Use(prevalence=0.1, miss=1), 0.5) is None
    assert decision_curve(there, np.zeros(5), units, 0.1, 0.5, [0.1]) == ()


def test_net_benefit_by_hand() -> None:
    there = np.array([True] * 10 + [False] * 10)
    shares = np.array([0.9] * 8 + [0.1] * 2 + [0.9] * 1 + [0.1] * 9)
    half, fifth = decision_curve(there, shares, units_of([""] * 20), 0.5, 0.5, [0.5, 0.2])
    assert half.model.value == pytest.approx(1000 * (0.5 * 0.8 - 0.5 * 0.1)) and half.everyone == pytest.approx(0)
    assert fifth.model.value == pytest.approx(1000 * (0.4 - 0.05 / 4)) and fifth.everyone == pytest.approx(375)
    assert half.model.low < half.model.value < half.model.high


def test_the_interval_of_net_benefit_of_many_pictures_is_that_of_two_proportions() -> None:
    there, said = np.repeat([True, False], 1000), np.arange(2000) % 10
    shares = np.where(np.where(there, said < 8, said < 5), 0.9, 0.1)  # finds 8 of 10, and is wrong of 5 of 10 others
    (found,) = decision_curve(there, shares, units_of([""] * 2000), 0.5, 0.5, [0.5])
    reach = 1.96 * 1000 * np.sqrt((0.25 * 0.8 * 0.2 + 0.25 * 0.5 * 0.5) / 1000)
    model = found.model
    assert (model.value, model.low, model.high) == pytest.approx((150, 150 - reach, 150 + reach), abs=2)


@pytest.mark.parametrize(("count", "share", "case"), [(60, 0.3, 1), (200, 0.1, 1), (160, 0.3, 4)])
def test_the_intervals_cover_the_truth(count: int, share: float, case: int) -> None:
    random, use, threshold = np.random.default_rng(0), Use(prevalence=0.05, miss=9), 0.6
    spread, cut = np.sqrt(1 + 0.49 * (case > 1)), np.log(0.6 / 0.4)
    sensitivity, specificity = 1 - norm.cdf((cut - 1.5) / spread), norm.cdf(cut / spread)
    sick, alarms = 0.05 * sensitivity, 0.95 * (1 - specificity)
    true = {"ppv": sick / (sick + alarms), "found": 1000 * sick, "false_alarms": 1000 * alarms}
    hits, trials = dict.fromkeys(true, 0), 0
    for _ in range(150):
        there = random.random(count) < share
        z = random.normal(size=count) + 1.5 * there
        z += np.repeat(random.normal(size=count // case), case) * 0.7 * (case > 1)
        units = units_of([f"case {index // case}" for index in range(count)])
        found = decide(there, 1 / (1 + np.exp(-z)), units, use, threshold)
        trials += found is not None
        for name, value in true.items():
            item = getattr(found, name) if found else None
            hits[name] += item is not None and item.low <= value <= item.high
    assert trials > 140
    for name, number in hits.items():
        assert 0.89 <= number / trials <= 1.0, name
