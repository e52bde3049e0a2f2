"""Scores of several classes at once and of numbers, calibration, thresholds, and words."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from core.evaluation import FIGURES, Interval, choose_thresholds, score_classes, score_numbers, score_sets, units_of
from core.evaluation.calibration import calibration_error, reliability
from core.evaluation.resampling import Resampler


def draw_sets(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    truth = random.random((count, 4)) < [0.4, 0.2, 0.1, 0.0]
    return truth, 1 / (1 + np.exp(-(random.normal(size=truth.shape) + 3 * truth - 1.5)))


def members(table: np.ndarray) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in table]


def test_sets_agree_with_scikit_learn() -> None:
    truth, shares = draw_sets()
    said = shares >= 0.5
    scores = score_sets(members(truth), members(said), 4, probabilities=shares)
    found = {name: item.value for name, item in scores.figures.items() if item is not None}
    present = [0, 1, 2]
    precisions = [average_precision_score(truth[:, k], shares[:, k]) for k in present]
    assert found["mean_ap"] == pytest.approx(np.mean(precisions))
    assert found["macro_f1"] == pytest.approx(f1_score(truth[:, present], said[:, present], average="macro"))
    assert found["micro_f1"] == pytest.approx(f1_score(truth, said, average="micro"))
    assert found["exact_match"] == pytest.approx((truth == said).all(1).mean())
    assert found["brier"] == pytest.approx(((truth - shares) ** 2).mean())


def test_cells_of_sets_count_found_missed_and_false_alarms() -> None:
    scores = score_sets([[0, 1], [0], []], [[0], [0, 1], [1]], 2)
    assert scores.cells == ((2, 0, 0), (0, 1, 2))


def test_a_class_without_pictures_has_no_figures_of_its_own() -> None:
    truth, shares = draw_sets()
    absent = score_sets(members(truth), members(shares >= 0.5), 4, probabilities=shares).classes[3]
    assert absent.support == 0
    assert absent.recall is None and absent.f1 is None and absent.average_precision is None and absent.auroc is None
    assert absent.precision is not None and absent.precision.value == 0


def test_pictures_without_any_class_are_scored_too() -> None:
    figures = score_sets([[], []], [[], []], 2).figures
    assert figures["exact_match"] is not None and figures["exact_match"].value == 1
    assert figures["macro_f1"] is None and figures["micro_f1"] is None


def test_thresholds_are_the_best_that_trying_all_finds() -> None:
    truth, shares = draw_sets(60)
    chosen = choose_thresholds(truth, shares)
    for k in range(3):
        said = shares[:, k] >= np.append(np.linspace(0, 1, 2001), chosen[k])[:, None]
        f1 = 2 * (said & truth[:, k]).sum(1) / (said.sum(1) + truth[:, k].sum())
        assert f1[-1] == f1.max()
    assert chosen[3] == 0.5, "no picture to choose by"


def test_a_threshold_lies_between_what_it_separates() -> None:
    shares = np.array([[0.9], [0.8], [0.6], [0.2], [0.1]])
    assert choose_thresholds([[1], [1], [1], [0], [0]], shares) == pytest.approx([0.4])
    assert choose_thresholds([[1], [1], [1], [1], [1]], shares) == pytest.approx([0.5])


def test_a_threshold_never_cuts_through_equal_probabilities() -> None:
    # Above 0.8, 0.45 and 0.1 lie 1 of 1, 2 of 3 and 3 of 4 pictures of the class: F1 is 2/4, 4/6 and 6/7.
    assert choose_thresholds([[1], [1], [0], [1]], [[0.9], [0.7], [0.7], [0.2]]) == pytest.approx([0.1])


def test_of_thresholds_that_are_as_good_the_nearest_to_one_half_is_taken() -> None:
    # F1 is 4/6 above 0.85, 6/9 above 0.5 and 8/12 above 0.1, and less above all others.
    there, shares = [1, 1, 0, 0, 1, 0, 0, 1], [0.95, 0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2]
    assert choose_thresholds(np.array(there)[:, None], np.array(shares)[:, None]) == pytest.approx([0.5])


def test_numbers_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(size=100) * 3
    said = truth + random.normal(size=100) + 0.5
    found = {name: item.value for name, item in score_numbers(truth, said).figures.items() if item is not None}
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, said))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(truth, said))
    assert found["r2"] == pytest.approx(r2_score(truth, said))
    assert found["bias"] == pytest.approx((said - truth).mean())


def test_few_or_equal_numbers_are_not_scored() -> None:
    assert set(score_numbers([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).figures.values()) == {None}
    assert score_numbers([5.0] * 12, [4.0] * 12).figures["r2"] is None


def test_reliability_by_hand() -> None:
    sure, right = np.array([0.55, 0.6, 0.61, 0.95, 1.0]), np.array([True, False, True, True, True])
    bins = reliability(sure, right, units_of([""] * 5))
    assert [(item.low, item.high, item.count, item.confidence, item.right.value) for item in bins] == [
        (0.5, 0.6, 2, pytest.approx(0.575), 0.5),
        (0.6, 0.7, 1, pytest.approx(0.61), 1.0),
        (0.9, 1.0, 2, pytest.approx(0.975), 1.0),
    ]
    (lowest,) = reliability(np.array([0.0, 0.1]), np.array([False, True]), units_of([""] * 2))
    assert (lowest.low, lowest.count, lowest.right.value) == (0.0, 2, 0.5), "a probability of 0 is in the first bin"


def test_reliability_is_of_how_sure_the_answer_was_and_whether_it_was_right() -> None:
    shares = [[0.7, 0.3]] * 4 + [[0.15, 0.85]] * 2
    (seven, nine) = score_classes([0, 0, 0, 1, 1, 1], [0] * 4 + [1] * 2, 2, probabilities=shares).reliability
    assert (seven.confidence, seven.count, seven.right.value) == (pytest.approx(0.7), 4, 0.75)
    assert (nine.confidence, nine.count, nine.right.value) == (pytest.approx(0.85), 2, 1.0)
    bins = score_sets([[0], []], [[0], []], 1, probabilities=[[0.95], [0.05]]).reliability
    assert [(item.confidence, item.right.value) for item in bins] == [(0.05, 0.0), (0.95, 1.0)]


def test_calibration_error_by_hand_and_not_of_few_pictures() -> None:
    sure, right = np.repeat([0.95, 0.75], 20), np.repeat([True, True, True, False], 10)
    found = calibration_error(sure, right, Resampler(units_of([""] * 40)))
    assert found is not None and found.value == pytest.approx((0.05 + 0.25) / 2)
    assert found.low < found.value < found.high
    assert calibration_error(sure[:29], right[:29], Resampler(units_of([""] * 29))) is None
    assert calibration_error(sure[:30], right[:30], Resampler(units_of([""] * 30))) is not None


def test_a_model_that_is_far_too_sure_is_told_so_by_both_ends() -> None:
    sure, right = np.full(400, 0.95), np.arange(400) % 5 < 3  # sure of 95 in 100, right in 60
    found = calibration_error(sure, right, Resampler(units_of([""] * 400)))
    # In a single bin it is 0.95 less the share right, whose standard error is the root of 0.6 x 0.4 / 400.
    assert found is not None and found.value == pytest.approx(0.35)
    assert (found.low, found.high) == pytest.approx((0.35 - 1.96 * 0.0245, 0.35 + 1.96 * 0.0245), abs=0.01)


def test_a_model_that_is_as_sure_as_right_may_have_no_calibration_error() -> None:
    random = np.random.default_rng(0)
    sure = random.uniform(0.5, 1, 400)
    found = calibration_error(sure, random.random(400) < sure, Resampler(units_of([""] * 400)))
    assert found is not None and found.low == 0 and found.value < 0.08


def test_every_figure_has_its_words() -> None:
    truth, shares = draw_sets()
    single = score_classes([0, 1] * 20, [0, 1] * 20, 2, probabilities=[[0.9, 0.1], [0.2, 0.8]] * 20, ordered=True)
    several = score_sets(members(truth), members(shares >= 0.5), 4, probabilities=shares)
    numbers = score_numbers(range(20), range(20))
    shown = {name for scores in (single, several, numbers) for name in scores.figures}
    assert shown == set(FIGURES)
    for figure in FIGURES.values():
        sentence = figure.sentence(Interval(0.5, 0.4, 0.6), "cm")
        assert "{" not in sentence and sentence.endswith(".")


def test_values_are_shown_with_the_digits_that_the_interval_warrants() -> None:
    accuracy, error = FIGURES["accuracy"], FIGURES["mae"]
    assert accuracy.shown(Interval(0.923, 0.79, 0.97)) == "92%"
    assert accuracy.shown(Interval(0.923, 0.91, 0.93)) == "92.3%"
    assert accuracy.sentence(Interval(1.0, 0.51, 1.0)).startswith("Of 100 pictures like these, between 51 and 100 are")
    assert error.range(Interval(3.29, 3.0, 3.63), "cm") == "3.00 to 3.63 cm"
    assert error.shown(Interval(3.0, 3.0, 3.0), "cm") == "3.00 cm", "nothing varies: no interval to go by"
    kappa = FIGURES["quadratic_kappa"]
    assert kappa.shown(Interval(0.8764, 0.86, 0.89)) == "0.88"
    assert kappa.shown(Interval(0.8764, 0.874, 0.879)) == "0.876"


def every_figure(count: int, *, right: bool) -> dict[str, Interval | None]:
    """All figures of a model that is always right, or often wrong, about `count` single pictures."""
    truth = [index % 2 for index in range(count)]
    said = [kind if right or index % 3 else 1 - kind for index, kind in enumerate(truth)]
    shares = [[0.9, 0.1] if kind == 0 else [0.1, 0.9] for kind in said]
    if right:
        shares = np.eye(2)[truth].tolist()
    numbers = score_numbers(truth, [kind + (0 if right else 0.5) for kind in truth])
    single = score_classes(truth, said, 2, probabilities=shares, ordered=True)
    ranked = [1, 0] if right else [0, 1]  # of three grades, some are two off
    grades = score_classes([0, 2] * (count // 2), [2 * ranked.index(1 - k) for k in truth], 3, ordered=True)
    sets = score_sets([[kind] for kind in truth], [[kind] for kind in said], 2, probabilities=shares)
    return {**numbers.figures, **sets.figures, **single.figures, "within_one": grades.figures["within_one"]}


def test_a_figure_says_truly_which_side_of_it_is_better() -> None:
    perfect, poor = every_figure(60, right=True), every_figure(60, right=False)
    assert set(perfect) == set(FIGURES)
    for name, figure in FIGURES.items():
        best, worse = perfect[name], poor[name]
        assert best is not None and worse is not None and best.value != worse.value, name
        assert figure.higher == (best.value > worse.value), name


def test_a_figure_needs_as_many_pictures_as_it_says_that_it_needs() -> None:
    shown = {count: every_figure(count, right=False) for count in range(2, 40, 2)}
    for name, figure in FIGURES.items():
        fewest = next(count for count, figures in shown.items() if figures[name] is not None)
        said = {"at least 10": 10, "at least 30": 30, "at least one": 2, "pictures of": 2}
        assert fewest == next(count for words, count in said.items() if figure.least.startswith(words)), name
