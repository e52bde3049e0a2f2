"""Words and choices that pages make of results."""

import tomllib
from pathlib import Path

from app.parts.decision import cheapest, first_asked
from app.parts.forecast import few_names
from core.evaluation import FIGURES, Interval
from core.evaluation.decision import Use

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text("utf-8"))


def test_charts_have_the_ten_colours_without_which_plotly_takes_its_own() -> None:
    for theme in (CONFIG["theme"], CONFIG["theme"]["dark"]):
        assert len(set(theme["chartCategoricalColors"])) == 10


def test_a_decision_is_first_about_something_that_is_there() -> None:
    assert first_asked(["healthy", "rust"]) == 1 and first_asked(["rust", "healthy"]) == 0
    assert first_asked(["No_findings", "Normal lung", "Pneumonia"]) == 2
    assert first_asked(["phoma", "normally coloured"]) == 0 and first_asked(["none", "healthy"]) == 0


def test_a_model_that_acts_on_all_is_not_called_the_cheapest() -> None:
    use = Use(prevalence=0.36, miss=5)
    assert cheapest(use, use.cost_of_all) == "acting on all"
    assert cheapest(use, use.cost_of_all - 1) == "acting by the model"
    assert cheapest(Use(prevalence=0.025, miss=5), 125.0) == "acting on none"


def test_many_names_are_counted_and_not_listed() -> None:
    assert few_names(["a", "b"]) == "a, b"
    assert few_names([f"class {number}" for number in range(40)]).endswith("class 5 and 34 others")


def test_one_point_is_one_point() -> None:
    assert "about 1 point on" in FIGURES["ece"].sentence(Interval(0.014, 0.0, 0.019))
    assert "about 12 points on" in FIGURES["ece"].sentence(Interval(0.12, 0.1, 0.15))
