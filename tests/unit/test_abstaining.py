"""When a model does not answer, and what that gains."""

from math import inf

import numpy as np
import pytest

from core.evaluation.abstaining import Usual, answered_curve, usual_of
from core.evaluation.interval import units_of


def ordinary(count: int) -> list[dict[str, float]]:
    random = np.random.default_rng(0)
    low, high = np.array([0.2, 0.8, 90]), np.array([0.6, 1.2, 150])
    rows = random.uniform(low, high, (count, 3)).tolist()
    return [dict(zip(("far", "sharp", "light"), row, strict=True)) for row in rows]


def test_what_is_unlike_the_validation_pictures_is_refused_with_its_reason() -> None:
    usual = usual_of(ordinary(60), units_of([""] * 60))
    assert usual.refuses({"far": 0.4, "sharp": 1.0, "light": 120}) == ()
    assert usual.refuses({"far": 1.2, "sharp": 1.0, "light": 120}) == ("strange",)
    assert usual.refuses({"far": 0.4, "sharp": 0.1, "light": 120}) == ("blurred",)
    assert usual.refuses({"far": 1.2, "sharp": 1.0, "light": 10}) == ("dark", "strange")
    assert usual.refuses({"far": 0.4, "sharp": 1.0, "light": 253}) == ("bright",)
    assert usual.refuses({}) == (), "a picture of which nothing is known"


def test_the_limit_of_distance_is_the_rank_that_leaves_one_in_twenty_out() -> None:
    far = [{"far": index / 100} for index in range(1, 40)]
    assert usual_of(far, units_of([""] * 39)).far == 0.38, "rank ceil(40 x 0.95) = 38"


def test_too_few_pictures_shut_nothing_out() -> None:
    assert usual_of(ordinary(18), units_of([""] * 18)).far == inf
    assert usual_of(ordinary(9), units_of([""] * 9)) == Usual()
    assert Usual().refuses({"far": 1e9, "sharp": 0.0, "light": 0}) == Usual().refuses({"light": 255}) == ()
    assert usual_of([], units_of([])) == Usual()
    assert usual_of([{}] * 30, units_of([""] * 30)) == Usual(), "a training from before such facts were kept"
    assert usual_of(ordinary(40), units_of(["one case"] * 40)).far == inf, "forty pictures of one case are one"


def test_of_ordinary_pictures_no_more_than_the_promised_share_is_called_strange() -> None:
    random, strange = np.random.default_rng(3), []
    for _ in range(400):
        far = random.gamma(3, size=31)
        usual = usual_of([{"far": float(item)} for item in far[:30]], units_of([""] * 30))
        strange.append(bool(usual.refuses({"far": float(far[30])})))
    assert 0.0 < np.mean(strange) < 0.08


def test_accuracy_against_the_share_answered_by_hand() -> None:
    certainty, right = np.array([0.9, 0.8, 0.8, 0.5]), np.array([True, True, False, False])
    curve = answered_curve(certainty, right, units_of([""] * 4))
    assert [(point.share, point.count, point.certainty) for point in curve] == [
        (0.25, 1, 0.9),
        (0.75, 3, 0.8),
        (1.0, 4, 0.5),
    ]
    assert [point.right.value for point in curve] == pytest.approx([1, 2 / 3, 1 / 2])
    assert all(point.right.low < point.right.high for point in curve)
    many = answered_curve(np.arange(500) / 500, np.arange(500) >= 250, units_of([""] * 500))
    assert len(many) == 60 and (many[0].count, many[-1].count) == (1, 500), "thinned out, but from end to end"
    assert [point.count for point in many] == sorted({point.count for point in many})
    assert answered_curve(np.zeros(0), np.zeros(0, bool), units_of([])) == ()
