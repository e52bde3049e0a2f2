"""Words and choices that pages make of results."""

import tomllib
from pathlib import Path

import pytest

from core.charts import whiskers_figure, whiskers_info
from core.evaluation import FIGURES, Interval
from core.evaluation.decision import cheapest
from core.exchange.html import table
from core.exchange.report.values import sized
from core.store.deciding import first_choice
from core.types import Task
from core.words import listed, with_interval

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text("utf-8"))


def test_charts_have_the_ten_colours_without_which_plotly_takes_its_own() -> None:
    for theme in (CONFIG["theme"], CONFIG["theme"]["dark"]):
        assert len(set(theme["chartCategoricalColors"])) == 10


def test_a_decision_is_first_about_something_that_is_there() -> None:
    def first(*names: str) -> int:
        return first_choice(Task.SINGLE, names, [True] * len(names))

    assert first("healthy", "rust") == 1 and first("rust", "healthy") == 0
    assert first("No_findings", "Normal lung", "Pneumonia") == 2
    assert first("phoma", "normally coloured") == 0 and first("none", "healthy") == 0
    assert first_choice(Task.ORDINAL, ["normal or more", "high or more"], [True, True]) == 0


def test_a_decision_is_first_about_something_that_test_pictures_show() -> None:
    names = ["blight", "healthy", "rust", "scab"]
    assert first_choice(Task.SINGLE, names, [False, True, True, True]) == 2
    assert first_choice(Task.SINGLE, names, [False, True, False, False]) == 1
    assert first_choice(Task.SINGLE, names, [False] * 4) == 0
    assert first_choice(Task.ORDINAL, ["fair or more", "poor or more"], [False, True]) == 1


def test_a_model_that_acts_on_all_is_not_called_the_cheapest() -> None:
    assert cheapest(640.0, 640.2, 1800.0) == "acting on all"
    assert cheapest(639.0, 640.2, 1800.0) == "acting by the model"
    assert cheapest(125.0, 975.0, 125.0) == "acting on none"


def test_many_names_are_counted_and_not_listed() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([f"class {number}" for number in range(40)]).endswith("class 5 and 34 others")


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (3.4, 1.65, 5.15, "3.4 (1.6 to 5.2)"),
        (0.034, 0.0166, 0.0516, "0.034 (0.017 to 0.052)"),
        (1234.5, 1100.0, 1400.0, "1,234 (1,100 to 1,400)"),
        (0.02, -0.04, 0.1, "0.02 (−0.04 to 0.10)"),
        (3.0, 3.0, 3.0, "3.00 (3.00 to 3.00)"),
    ],
)
def test_a_number_and_its_interval_have_the_same_places_wherever_they_stand(
    value: float, low: float, high: float, words: str
) -> None:
    assert with_interval(value, low, high) == words
    found = Interval(value, low, high)
    assert f"{FIGURES['mae'].shown(found)} ({FIGURES['mae'].range(found)})" == words
    assert sized(found, value) == words and sized(found, value, cell=True) == words.replace(" (", "\n")[:-1]
    (line,) = whiskers_figure(whiskers_info(["a"], {"error": [found]}), percent=False).data
    assert list(line.customdata) == [words]


def test_one_point_is_one_point() -> None:
    assert "about 1 point on" in FIGURES["ece"].sentence(Interval(0.014, 0.0, 0.019))
    assert "about 12 points on" in FIGURES["ece"].sentence(Interval(0.12, 0.1, 0.15))


def test_a_printed_table_stays_whole_only_where_that_leaves_no_half_page_empty() -> None:
    assert "whole" in table(["a", "b"], [["x", "1"]] * 12)
    assert "whole" in table(["a", "b"], [["x", "1\n0 to 2"]] * 6)
    assert "whole" not in table(["a", "b"], [["x", "1\n0 to 2"]] * 7)
