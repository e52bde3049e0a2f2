"""Where a model is weaker."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from core.evaluation.interval import units_of, wilson
from core.evaluation.slices import find_slices, thirds


def test_a_group_against_the_rest_by_hand() -> None:
    right = np.array([True] * 4 + [False] * 8 + [True] * 27 + [False] * 3)
    places: list[str | None] = ["shed"] * 12 + ["field"] * 30
    found = find_slices(right, {"place": places}, units_of([""] * 42))
    assert [item.value for item in found] == ["shed", "field"]
    shed = found[0]
    assert (shed.inside.value, shed.outside.value) == pytest.approx((4 / 12, 27 / 30))
    assert shed.p_value == pytest.approx(fisher_exact([[4, 8], [27, 3]]).pvalue)
    here, rest = wilson(4, 12), wilson(27, 30)
    assert here is not None and rest is not None
    gap = 27 / 30 - 4 / 12
    low = gap - np.hypot(rest.value - rest.low, here.high - here.value)
    high = gap + np.hypot(rest.high - rest.value, here.value - here.low)
    assert (shed.worse.value, shed.worse.low, shed.worse.high) == pytest.approx((gap, low, high))
    assert shed.clear and not found[1].clear and shed.positions == tuple(range(12))


def test_small_groups_and_unknown_values_are_not_looked_at() -> None:
    right = np.array([False] * 9 + [True] * 31)
    places: list[str | None] = ["shed"] * 9 + ["field"] * 20 + [None] * 11
    assert [item.value for item in find_slices(right, {"place": places}, units_of([""] * 40))] == ["field"]
    cases = units_of([f"case {index // 10}" for index in range(40)])
    assert find_slices(right, {"place": places}, cases) == (), "four cases are too few, however many pictures they have"


def test_looking_at_many_groups_makes_it_harder_to_stand_out() -> None:
    right = np.array([True] * 12 + [False] * 8 + [True] * 75 + [False] * 5)
    column: list[str | None] = ["shed"] * 20 + ["field"] * 80
    (alone, _) = find_slices(right, {"place": column}, units_of([""] * 100))
    assert alone.clear
    random = np.random.default_rng(0)
    noise: dict[str, list[str | None]] = {
        f"noise {index}": [str(item) for item in random.integers(0, 3, 100)] for index in range(40)
    }
    among = next(
        item for item in find_slices(right, {"place": column, **noise}, units_of([""] * 100)) if item.value == "shed"
    )
    assert among.p_value == alone.p_value and among.q_value > alone.q_value


def test_chance_alone_is_seldom_called_a_weak_spot() -> None:
    random, alarms = np.random.default_rng(1), 0
    for _ in range(60):
        right = random.random(120) < 0.8
        noise: dict[str, list[str | None]] = {
            f"noise {index}": [str(item) for item in random.integers(0, 4, 120)] for index in range(8)
        }
        alarms += any(item.clear for item in find_slices(right, noise, units_of([""] * 120)))
    assert alarms <= 6, "one in twenty projects, and Fisher's test is careful"


def test_columns_that_say_the_same_are_looked_at_once() -> None:
    column: list[str | None] = ["a"] * 15 + ["b"] * 15
    found = find_slices(np.arange(30) % 2 == 0, {"one": column, "two": column}, units_of([""] * 30))
    assert {item.attribute for item in found} == {"one"} and len(found) == 2


def test_errors_of_numbers_are_compared_too() -> None:
    error = np.concatenate([np.linspace(2, 4, 12), np.linspace(0, 1, 20)])
    place: list[str | None] = ["shed"] * 12 + ["field"] * 20
    shed, field = find_slices(error, {"place": place}, units_of([""] * 32))
    assert shed.value == "shed" and shed.worse.value == pytest.approx(2.5) and shed.clear
    assert shed.worse.low < 2.5 < shed.worse.high and shed.inside.value == pytest.approx(3)
    assert field.worse.value == pytest.approx(-2.5) and not field.clear


def test_numbers_become_thirds() -> None:
    words = ("darkest third", "middle third", "brightest third")
    assert thirds([1, 2, 3, 4, 5, 6, None], words) == [words[0]] * 2 + [words[1]] * 2 + [words[2]] * 2 + [None]
    assert thirds([5, 5, 7, None], words) == ["5", "5", "7", None], "two kinds are two groups"
