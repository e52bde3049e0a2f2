"""Two models on the same pictures."""

import numpy as np
import pytest

from core.evaluation import Difference, Interval, units_of
from core.evaluation.comparison import (
    compare_classes,
    compare_numbers,
    compare_right,
    compare_sets,
    mcnemar,
)


def flags(pattern: str) -> np.ndarray:
    return np.array([letter == "1" for letter in pattern])


def test_mcnemar_by_hand() -> None:
    # Nine pictures only the second names rightly, one only the first: two-sided binomial, 2 x (1 + 10) / 1024.
    first, second = flags("1" * 50 + "0" * 9 + "1"), flags("1" * 50 + "1" * 9 + "0")
    assert mcnemar(first, second) == pytest.approx(22 / 1024)
    assert mcnemar(first, first) == 1.0


def test_a_clear_gain_is_told_in_points() -> None:
    first, second = flags("1" * 140 + "0" * 60), flags("1" * 180 + "0" * 20)
    found = compare_right("accuracy", first, second, units_of([""] * 200))
    assert found.better == 1 and found.difference.value == pytest.approx(0.2)
    assert found.words("A", "B").startswith("B is better by 20.0 points (1")
    back = compare_right("accuracy", second, first, units_of([""] * 200))
    assert back.better == -1 and back.words("A", "B").startswith("B is better by") is False
    assert back.words("A", "B").startswith("A is better by 20.0 points (1")


def test_chance_is_told_as_no_difference() -> None:
    first, second = flags("1" * 40 + "10" * 5), flags("1" * 40 + "01" * 5)
    found = compare_right("accuracy", first, second, units_of([""] * 50))
    assert found.better == 0 and found.words("A", "B").startswith("No difference can be told (−")


def test_two_equal_models_are_not_declared_equal_from_five_pictures() -> None:
    found = compare_right("accuracy", flags("11111"), flags("11111"), units_of([""] * 5))
    assert found.better == 0 and found.difference.low < -0.1 and found.difference.high > 0.1


def test_pictures_of_few_cases_prove_little() -> None:
    first, second = flags("1" * 140 + "0" * 60), flags("1" * 180 + "0" * 20)
    found = compare_right("accuracy", first, second, units_of([f"case {index // 40}" for index in range(200)]))
    assert found.p_value is None, "McNemar's test takes every picture for independent"
    assert found.better == 0


def test_false_alarms_are_rare_where_two_models_are_equally_good() -> None:
    random, alarms = np.random.default_rng(0), 0
    for _ in range(200):
        truth = random.integers(0, 3, 90)
        said = [np.where(random.random(90) < 0.8, truth, random.integers(0, 3, 90)) for _ in range(2)]
        found = compare_classes(truth, said[0], said[1], 3, units_of([""] * 90), ["balanced_accuracy"])
        alarms += found[0].better != 0
    assert alarms / 200 <= 0.09


def test_a_single_picture_makes_no_model_better() -> None:
    truth = np.arange(60) % 3
    first = np.where(np.arange(60) % 2, truth, (truth + 1) % 3)
    second = first.copy()
    second[0] = truth[0]
    one, f1 = compare_classes(truth, first, second, 3, units_of([""] * 60), ["balanced_accuracy", "macro_f1"])
    assert one.difference.low > 0 and one.better == f1.better == 0
    assert one.words("A", "B") == "No difference can be told: the two differ too seldom (1 time, and it takes 6)."
    second[:12] = truth[:12]
    (six,) = compare_classes(truth, first, second, 3, units_of([""] * 60), ["balanced_accuracy"])
    assert six.apart == 6 and six.better == 1
    sets = np.eye(3, dtype=bool)
    found = compare_sets(sets[truth], sets[first], sets[np.where(np.arange(60) < 1, truth, first)], units_of([""] * 60))
    assert [item.better for item in found] == [0, 0]


def test_lower_is_better_for_errors() -> None:
    random = np.random.default_rng(0)
    truth, error = random.normal(size=100), random.normal(size=100)
    (found,) = compare_numbers(truth, truth + 2 * error, truth + error, units_of([""] * 100))
    assert found.difference.value < 0 and found.better == 1
    assert found.words("A", "B").startswith("B is better by 0.")
    assert compare_numbers(truth[:5], truth[:5], truth[:5], units_of([""] * 5)) == []


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        # A tenth of the interval is shown, and enough to see on which side of 0 its nearer end lies.
        (Interval(-0.5, -0.7, -0.3), "B is better by 0.50 (0.30 to 0.70)."),
        (Interval(5.0, 3.0, 7.0), "A is better by 5.0 (3.0 to 7.0)."),
        (Interval(-50.0, -90.0, -20.0), "B is better by 50 (20 to 90)."),
        (Interval(0.5, 0.002, 1.0), "A is better by 0.500 (0.002 to 1.000)."),
        (Interval(0.25, -0.5, 1.0), "No difference can be told (−0.5 to 1.0)."),
    ],
)
def test_a_difference_is_told_in_its_unit_with_the_digits_that_it_warrants(ends: Interval, words: str) -> None:
    assert Difference(figure="mae", difference=ends).words("A", "B") == words


def test_sets_are_compared_by_f1() -> None:
    random = np.random.default_rng(0)
    truth = random.random((200, 3)) < 0.3
    worse, better = truth ^ (random.random(truth.shape) < 0.2), truth ^ (random.random(truth.shape) < 0.05)
    assert [item.better for item in compare_sets(truth, worse, better, units_of([""] * 200))] == [1, 1]


def test_one_class_alone_is_not_compared_by_class_means() -> None:
    ones = np.ones(10, dtype=np.int64)
    assert compare_classes(ones, ones, ones, 2, units_of([""] * 10), ["macro_f1"]) == []
