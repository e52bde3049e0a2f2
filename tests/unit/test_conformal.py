"""Promised coverage: by hand, and by drawing many times."""

from math import inf

import numpy as np
import pytest

from core.evaluation.conformal import (
    LabelSets,
    check_ranges,
    check_sets,
    fewest_to_tell,
    fit_label_sets,
    least_units,
    limit_of,
)
from core.evaluation.interval import units_of


def singles(count: int) -> list[str]:
    return [""] * count


def test_how_many_pictures_a_promise_needs() -> None:
    assert [least_units(share) for share in (0.5, 0.8, 0.9, 0.95, 0.99)] == [1, 4, 9, 19, 99]


def test_the_limit_is_the_score_of_that_rank_by_hand() -> None:
    scores = np.array([0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4, 0.5])
    units = units_of(singles(9))
    assert limit_of(scores, units, 0.9) == 0.9, "of 9 scores rank ceil(10 x 0.9) = 9"
    assert limit_of(scores, units, 0.8) == 0.8 and limit_of(scores, units, 0.5) == 0.5
    assert limit_of(scores[:8], units_of(singles(8)), 0.9) == inf, "8 pictures cannot promise 90%"
    assert limit_of(scores[:0], units_of([]), 0.5) == inf


def test_each_case_weighs_the_same_by_hand() -> None:
    # Three cases and the new one weigh a quarter each. Case a has its quarter in four pictures of a sixteenth each:
    # 0.1 to 0.4 sum to 1/4, with 0.5 of b to 1/2, with 0.6 of c to 3/4.
    scores, units = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), units_of(["a", "a", "a", "a", "b", "c"])
    assert limit_of(scores, units, 0.5) == 0.5 and limit_of(scores, units, 0.75) == 0.6
    assert limit_of(scores, units, 0.25) == 0.4 and limit_of(scores, units, 0.2) == 0.4
    assert limit_of(scores, units, 0.76) == inf


def test_sets_hold_what_is_likely_enough_and_always_the_answer() -> None:
    truth, shares = np.zeros(4, int), np.array([[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.6, 0.3, 0.1]])
    rule = fit_label_sets(truth, shares, units_of(singles(4)), 0.6)
    assert rule.limits == pytest.approx((0.3, 0.3, 0.3)), "scores 0.1 to 0.4; rank ceil(5 x 0.6) = 3"
    new = np.array([[0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.15, 0.15, 0.7]])
    assert rule.sets(new, np.array([0, 0, 2])).tolist() == [
        [True, False, False],
        [True, False, False],
        [False] * 2 + [True],
    ]
    assert LabelSets(coverage=0.9, limits=(0.6,) * 3, groups={}).sets(
        np.array([[0.5, 0.4, 0.1]]), np.array([0])
    ).tolist() == [[True, True, False]], "what is at the limit belongs in"
    wide = fit_label_sets(truth, shares, units_of(singles(4)), 0.8)
    assert wide.limits == pytest.approx((0.4,) * 3)
    assert wide.sets(np.array([[0.45, 0.45, 0.1]]), np.array([1])).tolist() == [[False, True, False]]


def test_a_class_with_too_few_pictures_is_in_every_set() -> None:
    truth = np.array([0] * 9 + [1])
    shares = np.array([[0.8, 0.2]] * 9 + [[0.1, 0.9]])
    rule = fit_label_sets(truth, shares, units_of(singles(10)), 0.9, by_class=True)
    assert rule.limits[0] == pytest.approx(0.2) and rule.limits[1] == inf
    assert rule.sets(np.array([[0.99, 0.01]]), np.array([0])).tolist() == [[True, True]]


def test_a_group_with_enough_pictures_has_its_own_limit() -> None:
    truth, groups = np.zeros(20, int), ["near"] * 10 + ["far"] * 9 + ["rare"]
    shares = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 9 + [[0.9, 0.1]])
    rule = fit_label_sets(truth, shares, units_of(singles(20)), 0.9, groups=groups)
    assert rule.groups == pytest.approx({"near": 0.1, "far": 0.6})
    new, said = np.array([[0.45, 0.55]] * 3), np.ones(3, int)
    assert rule.sets(new, said, ["near", "far", "elsewhere"]).tolist() == [[False, True], [True, True], [True, True]]


def test_a_picture_of_an_unknown_group_gets_the_widest_limit_if_one_is_cautious() -> None:
    rule = LabelSets(coverage=0.9, limits=(0.3, 0.7), groups={"near": 0.1, "far": 0.6})
    assert rule.cautious().limits == (0.6, 0.7) and rule.cautious().groups == rule.groups
    new, said = np.array([[0.45, 0.55]] * 2), np.ones(2, int)
    assert rule.sets(new, said, ["near", "elsewhere"]).tolist() == [[False, True], [False, True]]
    assert rule.cautious().sets(new, said, ["near", "elsewhere"]).tolist() == [[False, True], [True, True]]
    alone = LabelSets(coverage=0.9, limits=(0.3, inf), groups={})
    assert alone.cautious() == alone


def test_sets_of_grades_have_no_holes() -> None:
    truth, shares = np.zeros(4, int), np.array([[0.4, 0.2, 0.4]] * 4)
    rule = fit_label_sets(truth, shares, units_of(singles(4)), 0.8, ordered=True)
    assert rule.sets(np.array([[0.45, 0.1, 0.45]]), np.array([0])).tolist() == [[True, True, True]]
    assert rule.sets(np.array([[0.1, 0.45, 0.45]]), np.array([1])).tolist() == [[False, True, True]]
    five = LabelSets(coverage=0.9, limits=(0.6,) * 5, groups={}, ordered=True)
    shares = np.array([[0.05, 0.45, 0.05, 0.4, 0.05]])
    assert five.sets(shares, np.array([1])).tolist() == [[False, True, True, True, False]], "nor more than it must"


def test_a_promise_is_held_against_pictures_that_had_no_part_in_it() -> None:
    sets = np.array([[True, False], [True, True], [True, False], [False, True]])
    kept = check_sets(sets, np.array([0, 1, 1, 1]), units_of(singles(4)))
    assert kept is not None and kept.covered.value == 0.75 and kept.size == 1.25
    assert kept.single is not None and kept.single.value == 0.75
    assert kept.verdict(0.7, 100) == "open", "3 of 4: the truth may be left out in 70 of 100"
    assert check_sets(sets[:0], np.zeros(0, int), units_of([])) is None
    off = check_ranges(np.array([0.5, 1.0, 2.0]), 1.0, units_of(singles(3)))
    assert off is not None and off.covered.value == pytest.approx(2 / 3) and off.size == 2 and off.single is None


def test_a_promise_is_called_broken_only_where_chance_does_not_explain_it() -> None:
    truth, sets = np.zeros(100, int), np.ones((100, 2), bool)
    sets[:18, 0] = False
    kept = check_sets(sets, truth, units_of(singles(100)))
    assert kept is not None and kept.covered.value == 0.82
    assert kept.verdict(0.9, 10_000) == "broken", "82 of 100 where 90 are sure: chance is 0.01"
    assert kept.verdict(0.9, 30) == "open", "a promise made from 30 pictures varies itself"


@pytest.mark.parametrize(("coverage", "fewest"), [(0.8, 6), (0.9, 16), (0.95, 35), (0.99, 189)])
def test_a_promise_is_called_kept_only_where_twice_the_promised_misses_can_be_ruled_out(
    coverage: float, fewest: int
) -> None:
    def verdict(count: int, missed: int = 0) -> str:
        sets = np.ones((count, 2), bool)
        sets[:missed, 0] = False
        kept = check_sets(sets, np.zeros(count, int), units_of(singles(count)))
        assert kept is not None
        return kept.verdict(coverage, 10_000)

    assert fewest_to_tell(coverage) == fewest
    assert verdict(fewest) == "kept" and verdict(fewest - 1) == "open"
    assert verdict(4000, round(4000 * (1 - coverage))) == "kept"


@pytest.mark.parametrize(("cases", "each"), [(40, 1), (100, 1), (30, 4)])
def test_the_promise_is_kept_for_a_new_case(cases: int, each: int) -> None:
    """Overconfident probabilities, cases that lean to a class: 90% of new pictures must still be covered."""
    random, covered = np.random.default_rng(0), []
    for _ in range(600):
        count = (cases + 1) * each
        logits = random.normal(size=(count, 3)) + np.repeat(random.normal(size=(cases + 1, 1)), each, 0) * [1, 0, -1]
        true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        truth = (random.random((count, 1)) > true.cumsum(1)[:, :2]).sum(1)
        shares = np.exp(2 * logits) / np.exp(2 * logits).sum(1, keepdims=True)
        units = units_of([f"case {index // each}" for index in range(cases * each)])
        rule = fit_label_sets(truth[:-each], shares[:-each], units, 0.9)
        sets = rule.sets(shares[-each:], shares[-each:].argmax(1))
        covered.append(sets[np.arange(each), truth[-each:]].mean())
    assert 0.9 - 0.03 < np.mean(covered) < 0.97, "three standard errors of the simulation are 0.03"


def test_a_promise_to_each_class_covers_the_rare_one_where_a_common_promise_does_not() -> None:
    random, common, each = np.random.default_rng(1), [], []
    for _ in range(300):
        truth = np.array([0] * 90 + [1] * 10 + [1])
        z = random.normal(size=101) + np.where(truth == 1, 0.5, -1.5)
        chance = 1 / (1 + np.exp(-z))
        shares, units = np.stack([1 - chance, chance], 1), units_of(singles(100))
        for by_class, found in ((False, common), (True, each)):
            rule = fit_label_sets(truth[:100], shares[:100], units, 0.9, by_class=by_class)
            found.append(bool(rule.sets(shares[100:], shares[100:].argmax(1))[0, 1]))
    assert np.mean(common) < 0.87 and np.mean(each) > 0.87
