"""Folds, and what their scores say together."""

import numpy as np
import pytest

from core.evaluation import fold_heading, fold_lines, fold_notes, folds_words, summarise_folds
from core.splits import make_folds, shuffle_splits, whole_groups
from core.types import JsonObject


def test_every_picture_is_judged_once_in_each_repeat_and_never_by_what_it_taught() -> None:
    strata = ["a"] * 12 + ["b"] * 8
    folds = make_folds(strata, [""] * 20, 4, repeats=2)
    assert len(folds) == 8
    for repeat in (folds[:4], folds[4:]):
        assert sorted(np.concatenate([fold.judge for fold in repeat]).tolist()) == list(range(20))
    for fold in folds:
        assert sorted([*fold.learn, *fold.choose, *fold.judge]) == list(range(20))
        assert [strata[index] for index in fold.judge].count("a") == 3
    assert [fold.judge.tolist() for fold in folds[:4]] != [fold.judge.tolist() for fold in folds[4:]]


def test_of_what_is_not_judged_a_fifth_chooses_the_epoch() -> None:
    for fold in [*make_folds(["a", "b"] * 50, [""] * 100, 5), *shuffle_splits(["a", "b"] * 50, [""] * 100, 2)]:
        assert (len(fold.learn), len(fold.choose), len(fold.judge)) == (64, 16, 20)


@pytest.mark.parametrize("units", [[""] * 3, ["case 1", "case 1", "case 2"]])
def test_fewer_units_than_folds_are_refused(units: list[str]) -> None:
    with pytest.raises(ValueError, match="split"):
        make_folds(["a"] * 3, units, 4)


def test_a_fold_never_cuts_through_a_case() -> None:
    units = [f"case {index // 3}" for index in range(30)]
    for fold in make_folds(["a", "b"] * 15, units, 5):
        parts = [{units[index] for index in part} for part in (fold.learn, fold.choose, fold.judge)]
        assert all(parts) and not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


def test_whole_groups_stay_together_and_so_do_groups_that_share_a_case() -> None:
    cases = ["p1", "p1", "p2", "p3", None, "p4", None]
    groups = ["north", "south", "south", "east", "east", None, None]
    shared = "group south"
    assert whole_groups(cases, groups) == [shared, shared, shared, "group east", "group east", "case p4", ""]


def test_classes_smaller_than_the_number_of_folds_still_give_folds() -> None:
    folds = make_folds(["a", "a", "b", "b", "c", "c"], [""] * 6, 5)
    assert sorted(index for fold in folds for index in fold.judge.tolist()) == list(range(6))


def test_too_few_cases_for_the_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="groups"):
        make_folds(["a"] * 9, ["case 1"] * 5 + ["case 2"] * 4, 3)


def test_the_interval_allows_for_folds_that_share_their_pictures() -> None:
    # By hand: mean 0.6, standard deviation 0.1, t(0.975, 2) = 4.3027; sqrt(1/3 + 1/2) = 0.91287.
    found = summarise_folds([0.5, 0.6, 0.7], 3)
    assert (found.mean, found.spread) == pytest.approx((0.6, 0.1))
    assert found.low == pytest.approx(0.6 - 4.3027 * 0.1 * 0.91287, abs=1e-4)
    assert found.high == pytest.approx(0.6 + 4.3027 * 0.1 * 0.91287, abs=1e-4)
    assert summarise_folds([0.7], 2).low is None


def test_no_interval_promises_what_a_score_cannot_be_or_that_equal_scores_are_sure() -> None:
    found = summarise_folds([0.4, 0.6, 0.8], 3, lowest=0.0)
    assert (found.low, found.high) == (0.0, 1.0)
    assert summarise_folds([0.4, 0.6, 0.8], 3).low == pytest.approx(0.6 - 4.3027 * 0.2 * 0.91287, abs=1e-4)
    assert summarise_folds([0.6, 0.6, 0.6], 3).low is None


def test_random_splits_judge_a_fifth_in_proportion_and_are_drawn_anew() -> None:
    strata = ["a"] * 30 + ["b"] * 20
    splits = shuffle_splits(strata, [""] * 50, 12)
    assert len(splits) == 12 and len({tuple(item.judge) for item in splits}) == 12
    for item in splits:
        assert sorted([*item.learn, *item.choose, *item.judge]) == list(range(50))
        assert [strata[index] for index in item.judge].count("a") == 6 and len(item.judge) == 10
    again = shuffle_splits(strata, [""] * 50, 12)
    assert all(np.array_equal(one.judge, two.judge) for one, two in zip(splits, again, strict=True))
    assert not np.array_equal(shuffle_splits(strata, [""] * 50, 1, seed=1)[0].judge, splits[0].judge)


def test_random_splits_never_cut_through_a_case() -> None:
    units = [f"case {index // 3}" for index in range(60)]
    for item in shuffle_splits(["a", "b", "b"] * 20, units, 6):
        parts = [{units[index] for index in part} for part in (item.learn, item.choose, item.judge)]
        assert all(parts) and not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
        assert len(parts[2]) == 4


def test_a_class_of_one_picture_is_no_hindrance_and_too_few_units_are_refused() -> None:
    assert len(shuffle_splits(["a"] * 9 + ["b"], [""] * 10, 3)) == 3
    with pytest.raises(ValueError, match="at least 5 units, not 2"):
        shuffle_splits(["a"] * 6, ["case 1"] * 3 + ["case 2"] * 3, 3)


def test_scores_of_folds_are_told_round_by_round_with_mean_spread_and_interval() -> None:
    told: JsonObject = {
        "count": 2, "repeats": 2, "shuffle": False, "scores": [0.8, 0.7, 0.9, -0.004], "mean": 0.599, "spread": 0.41,
        "interval": [-0.0, 1.0],
    }  # fmt: skip
    assert fold_lines(told, "R²") == [
        "R² of each fold, on the pictures that it had not seen:",
        "Round 1: 0.800, 0.700",
        "Round 2: 0.900, −0.004",
        "Mean 0.60 (95% interval 0.00 to 1.00), spread 0.41 over 4 folds.",
    ]
    assert folds_words(told) == "4 folds (2 rounds of 2)"
    alike: JsonObject = {
        **told,
        "shuffle": True,
        "count": 4,
        "scores": [1.0, 1.0],
        "mean": 1.0,
        "spread": 0.0,
        "interval": None,
    }
    assert fold_heading({**told, "keep_together": "group"}, "R²") == (
        "R² of each fold, on the groups that it had not seen"
    )
    assert folds_words({**alike, "repeats": 1}) == "2 random splits"
    assert fold_lines(alike, "R²") == [
        "R² of each random split, on the pictures that it had not seen: 1.000, 1.000",
        "Mean 1.00 (no interval: all scores are the same), spread 0.00 over 2 random splits.",
    ]


def test_what_several_folds_had_to_say_is_told_once_with_which_they_are() -> None:
    short, late = "Memory was short.", "Going on from the end of epoch 2."
    assert fold_notes([[short], [short, late], [short], [late]], 2, 2, shuffle=False) == [
        f"Round 1, fold 1; Round 1, fold 2; Round 2, fold 1: {short}",
        f"Round 1, fold 2; Round 2, fold 2: {late}",
    ]
    assert fold_notes([[short], [short]], 2, 1, shuffle=True) == [f"Every random split: {short}"]
    assert fold_notes([[], [short], []], 3, 1, shuffle=False) == [f"Fold 2: {short}"]
