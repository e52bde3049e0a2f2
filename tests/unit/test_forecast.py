"""Learning curves and what they forecast."""

import numpy as np
import pytest

from core.checks.growth import SHARES, enough, grow
from core.evaluation import units_of
from core.evaluation.forecast import expected, fit_power_law, forecast

SIZES = np.array([10.0, 20.0, 35.0, 50.0, 75.0, 100.0])


def law(sizes: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    return a * sizes**-b + c


@pytest.mark.parametrize(("a", "b", "c"), [(1.0, 0.5, 0.0), (2.0, 1.0, 0.1), (0.5, 0.3, 0.05), (0.0, 0.5, 0.4)])
def test_a_curve_that_is_a_power_law_is_carried_on_exactly(a: float, b: float, c: float) -> None:
    found = fit_power_law(SIZES, law(SIZES, a, b, c)[None])
    far = np.array([200.0, 300.0])
    assert expected(found, far)[0] == pytest.approx(1 - law(far, a, b, c), abs=1e-6)


def test_a_curve_that_gets_worse_is_carried_on_flat() -> None:
    found = fit_power_law(SIZES, np.array([[0.2, 0.2, 0.25, 0.25, 0.3, 0.3]]))
    assert expected(found, np.array([300.0]))[0, 0] == pytest.approx(0.75)


def test_the_interval_holds_what_comes_in_nearly_all_of_many_trials() -> None:
    random, held, coming = np.random.default_rng(1), 0, 1 - law(np.array([200.0]), 1.5, 0.5, 0.05)[0]
    for _ in range(60):
        hardness = random.random(120)  # a picture is missed as long as the error is larger than its ease
        hits = (hardness[:, None] > law(SIZES, 1.5, 0.5, 0.05)[None]).astype(np.float64)
        curve = forecast(SIZES, hits, units_of([""] * 120), 100)
        then = curve.path[int(np.abs(np.array(curve.ahead) - 200).argmin())]
        held += then.low <= coming <= then.high
        assert then.low <= then.value <= then.high and curve.gains[0].value == 0
    assert held >= 52


def test_pictures_of_few_cases_make_the_forecast_less_sure() -> None:
    random = np.random.default_rng(0)
    hardness = np.repeat(random.random(12), 10)
    hits = (hardness[:, None] > law(SIZES, 1.5, 0.5, 0.05)[None]).astype(np.float64)

    def width(units: list[str]) -> float:
        last = forecast(SIZES, hits, units_of(units), 100).path[-1]
        return last.high - last.low

    assert width([f"case {n // 10}" for n in range(120)]) > 2 * width([""] * 120)


def test_half_of_the_pictures_are_asked_what_all_of_them_bring() -> None:
    hits = np.tile(1 - law(SIZES, 1.0, 0.5, 0.0), (30, 1))
    tested = forecast(SIZES, hits, units_of([""] * 30), 100).tested
    assert tested is not None
    said, came = tested
    assert said.value == pytest.approx(came, abs=1e-6) and came == pytest.approx(0.9)


def two_classes(count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], count)
    features = random.normal(0, 1, (2 * count, 6)) + 3 * labels[:, None]
    return features.astype(np.float32), labels


def test_a_class_is_tried_with_more_and_more_of_its_pictures_and_judged_by_all_of_them() -> None:
    features, labels = two_classes(40)
    (grown,) = grow(features, labels, [""] * 80, [1]).values()
    assert grown.sizes == pytest.approx([max(2, round(share * 32)) for share in SHARES])
    assert grown.members.tolist() == list(range(40, 80)) and grown.hits.shape == (40, 6)
    assert grown.hits[:, -1].mean() > 0.95


def test_classes_with_too_few_pictures_or_cases_or_nothing_to_be_told_from_have_no_curve() -> None:
    labels = np.array([0] * 20 + [1] * 19 + [2] * 20)
    units = [""] * 39 + [f"case {n // 5}" for n in range(20)]
    assert enough(labels, units) == [0]
    assert enough(np.zeros(50, np.int64), [""] * 50) == []
