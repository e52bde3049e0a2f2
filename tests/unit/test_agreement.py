"""Agreement between people, against published and independent values."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from core.evaluation import Interval
from core.evaluation.agreement import alpha, index_text, kappa, pairs, per_class, verdict

NAN = float("nan")
# The example of Krippendorff 2011, section C: four observers, twelve units, some of them missing.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_that_of_the_published_example(level, value: float) -> None:
    found = alpha(PUBLISHED, level)
    assert found is not None and found.value == pytest.approx(value, abs=5e-4)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(("level", "weights"), [("nominal", None), ("ordinal", "quadratic"), ("interval", "quadratic")])
def test_kappa_is_scikit_learn_s(level, weights) -> None:
    random = np.random.default_rng(0)
    first = random.integers(0, 4, 60).astype(np.float64)
    second = np.where(random.random(60) < 0.7, first, random.integers(0, 4, 60))
    found = kappa(first, second, level)
    assert found is not None and found.value == pytest.approx(cohen_kappa_score(first, second, weights=weights))


def test_people_who_agree_always_have_one_and_people_who_guess_about_none() -> None:
    random = np.random.default_rng(0)
    said = random.integers(0, 3, (300, 1)).astype(np.float64)
    perfect, guess = alpha(np.repeat(said, 3, 1), "nominal"), alpha(random.integers(0, 3, (300, 3)) * 1.0, "nominal")
    assert perfect is not None and perfect.value == 1
    assert guess is not None and guess.low < 0 < guess.high


def test_a_few_pictures_on_which_nobody_differs_do_not_prove_that_they_agree() -> None:
    few, many = (np.repeat(np.arange(count)[:, None] % 2.0, 2, 1) for count in (12, 200))
    for values in (few, many):
        found, two = alpha(values, "nominal"), kappa(values[:, 0], values[:, 1], "nominal")
        assert found is not None and two is not None and found.value == two.value == found.high == two.high == 1
        assert found.low == pytest.approx(two.low, abs=0.05)
    uncertain, certain = alpha(few, "nominal"), alpha(many, "nominal")
    assert uncertain is not None and certain is not None
    # None of 12 differ: Wilson leaves 24% open, of the 12/23 by which they would differ by chance.
    assert uncertain.low == pytest.approx(1 - 3.8415 / 15.8415 / (12 / 23), abs=1e-4)
    assert verdict(uncertain) == "How far they agree is not clear yet (alpha 1.00, 0.54 to 1.00)."
    assert verdict(certain).startswith("They agree well (alpha 1.00, 0.96")


def test_a_class_on_which_people_differ_has_a_lower_value_than_one_on_which_they_agree() -> None:
    first = np.array([0] * 20 + [1] * 10 + [2] * 10, np.float64)
    second = np.array([0] * 20 + [2] * 5 + [1] * 5 + [1] * 5 + [2] * 5, np.float64)
    found = per_class(np.stack([first, second], 1), [0, 1, 2])
    assert found[0] is not None and found[1] is not None
    assert found[0].value == 1 and found[1].value < 0.5


def test_only_pictures_that_both_labelled_count_for_two_people() -> None:
    (alone,) = pairs(np.array([[1, 1], [2, 1], [NAN, 2], [3, NAN]], np.float64), "nominal")
    assert (alone.pictures, alone.same, alone.kappa) == (2, 0.5, None)
    three = np.array([[1, NAN, 1], [2, NAN, 1], [NAN, 2, 2], [3, 3, NAN], [1, 2, NAN], [1, 1, NAN]], np.float64)
    found = pairs(three, "nominal")
    assert [(item.first, item.second, item.pictures) for item in found] == [(0, 1, 3), (0, 2, 2), (1, 2, 1)]


def test_nine_pictures_are_too_few_and_one_class_tells_nothing() -> None:
    assert alpha(np.ones((9, 2)), "nominal") is None
    assert alpha(np.ones((20, 2)), "nominal") is None and kappa(np.ones(20), np.ones(20), "nominal") is None


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Interval(0.85, 0.8, 0.9), "They agree well (alpha 0.85, 0.80 to 0.90)."),
        (Interval(0.85, 0.79, 0.9), "They agree well enough for careful use (alpha 0.85, 0.79 to 0.90)."),
        (Interval(0.75, 0.67, 0.79), "They agree well enough for careful use (alpha 0.75, 0.67 to 0.79)."),
        (Interval(0.75, 0.66, 0.8), "How far they agree is not clear yet (alpha 0.75, 0.66 to 0.80)."),
        (
            Interval(0.7, 0.6, 0.79),
            "They do not agree well, and no model can be better than the labels it is judged by. A guideline helps "
            "(alpha 0.70, 0.60 to 0.79).",
        ),
        (None, "Too few to tell how far they agree: at least 10, of more than one class, are needed."),
    ],
)
def test_only_what_the_whole_interval_says_is_said_of_agreement(found: Interval | None, words: str) -> None:
    assert verdict(found) == words


def test_an_index_of_agreement_is_told_with_its_interval() -> None:
    assert index_text(Interval(0.5, -0.15, 1)) == "0.50 (\N{MINUS SIGN}0.15 to 1.00)"
    assert index_text(Interval(0.5, -0.001, 1)) == "0.50 (0.00 to 1.00)"
    assert index_text(Interval(0.85, 0.8, 0.9)) == "0.85 (0.80 to 0.90)" and index_text(None) == "too few"
