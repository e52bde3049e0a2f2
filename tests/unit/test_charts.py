"""What each chart shows, and that its figure draws."""

from core.charts import (
    rates_figure,
    reliability_figure,
    reliability_info,
    scatter_figure,
    scatter_info,
    search_figure,
    search_info,
    whiskers_figure,
    whiskers_info,
)
from core.charts.learning_curve import TITLE, LearningCurve, learning_curve_figure
from core.charts.reliability import ReliabilityInfo
from core.charts.robustness import RobustnessLine, robustness_figure
from core.charts.scatter import ScatterInfo
from core.charts.whiskers import Whiskers
from core.charts.words import MOST, short
from core.evaluation import Interval, ReliabilityBin
from core.evaluation.forecast import Curve


def test_the_reliability_diagram_shows_percent() -> None:
    info = reliability_info([ReliabilityBin(0.8, 0.9, 12, 0.853, Interval(0.75, 0.47, 0.91))])
    assert info == ReliabilityInfo((85.3,), (75.0,), (47.0,), (91.0,), (12,))
    assert list(reliability_figure(info).data[0].error_y.arrayminus) == [28.0]
    assert len(reliability_figure(reliability_info([])).data) == 2, "empty axes, no exception"


def test_the_scatter_keeps_the_order_of_its_points_and_people_s_words_as_they_are() -> None:
    info = scatter_info([(1.0, 2.0, "<b>a</b>.jpg"), (3.0, 2.5, "b.jpg")], "cm")
    assert info == ScatterInfo((1.0, 3.0), (2.0, 2.5), ("<b>a</b>.jpg", "b.jpg"), (1.0, 3.0), "cm")
    figure = scatter_figure(info)
    assert list(figure.data[0].text) == ["&lt;b&gt;a&lt;/b&gt;.jpg", "b.jpg"]
    assert list(figure.data[0].customdata) == [0, 1]
    assert scatter_figure(scatter_info([])).data[0].x == ()


def test_whiskers_leave_out_what_is_not_known() -> None:
    info = whiskers_info(["rust", "mildew"], {"recall": [Interval(0.5, 0.4, 0.6), None]})
    assert info == (Whiskers("recall", ("rust",), (0.5,), (0.4,), (0.6,), ("rust", "mildew")),)
    assert list(whiskers_figure(info).data[0].x) == [50.0]
    assert list(whiskers_figure(info, percent=False).data[0].x) == [0.5]
    assert len(whiskers_figure([]).data) == 0


def test_a_range_test_is_drawn_where_its_curve_is_and_not_to_where_it_breaks_out() -> None:
    figure = rates_figure([1e-4, 1e-3, 1e-2, 1e-1], [2.0, 1.5, 1.0, 200.0], [2.0, 1.5, 1.0, 60.0], 1e-3)
    low, high = figure.layout.yaxis.range
    assert low < 1.0 and 2.0 < high < 4.0
    assert figure.layout.annotations[0].x == -3 and figure.layout.annotations[0].text == "0.001"
    assert figure.layout.shapes[0].line.color == "rgb(128, 128, 128)", "seen on white and on black"
    assert not rates_figure([], [], [], None).layout.annotations


def test_trials_are_drawn_with_the_best_of_those_that_came_to_their_end() -> None:
    info = search_info([(1, 0.5, True), (2, None, False), (3, 0.9, False), (4, 0.6, True), (5, 0.4, True)])
    assert info.numbers == (1, 3, 4, 5) and info.best == (0.5, 0.5, 0.6, 0.6)
    line, whole, ended = search_figure(info, "Score").data
    assert list(whole.x) == [1, 4, 5] and list(ended.x) == [3] and list(line.y) == [0.5, 0.5, 0.6, 0.6]


def test_names_that_end_alike_are_cut_so_that_each_can_be_told() -> None:
    kinds, seasons = ("healthy leaves", "leaf rust"), ("rainy season", "dry season")
    names = [
        f"{kind} on Coffea arabica, trial block {block:02}, {season}"
        for kind in kinds for block in range(1, 9) for season in seasons
    ]  # fmt: skip
    for most in (26, 32):
        cut = short(names, most)
        assert len(set(cut.values())) == len(names) and max(map(len, cut.values())) <= most
    assert short(names)[names[0]] == "healthy leaves on…ck 01, rainy…"


def test_long_names_are_cut_in_their_middle_and_classes_stay_apart() -> None:
    names = [f"Nutrient deficiency, probably magnesium or manganese · lot {number}" for number in (1, 2)]
    cut = short([*names, "rust"])
    assert [cut[name][-5:] for name in names] == ["lot 1", "lot 2"] and len(cut[names[0]]) <= MOST
    assert cut["rust"] == "rust"
    figure = whiskers_figure(whiskers_info(names, {"found": [Interval(0.0, 0.0, 0.6), Interval(1.0, 0.4, 1.0)]}))
    assert list(figure.layout.yaxis.tickvals) == names, "each name has its own line"
    assert [text[-5:] for text in figure.layout.yaxis.ticktext] == ["lot 1", "lot 2"]
    assert figure.data[0].cliponaxis is False, "dots at 0 and 100 are whole"


def test_classes_stand_in_their_order_also_where_the_first_has_but_one_of_two_figures() -> None:
    one = Interval(0.5, 0.1, 0.9)
    info = whiskers_info(["healthy", "rust", "none"], {"found": [None, one, None], "right": [one, one, None]})
    assert list(whiskers_figure(info).layout.yaxis.tickvals) == ["healthy", "rust"]


def test_numbers_on_an_axis_say_what_they_are() -> None:
    info = whiskers_info(["old camera"], {"there": [Interval(3.0, 2.0, 4.0)]})
    assert (
        whiskers_figure(info, percent=False, title="mean error, cells").layout.xaxis.title.text == "mean error, cells"
    )
    assert whiskers_figure(info, title="Accuracy").layout.xaxis.title.text == "Accuracy, %"
    assert scatter_figure(scatter_info([(1.0, 2.0, "a")], "cells")).layout.xaxis.title.text == "the true number, cells"


def test_one_ruinous_way_of_spoiling_does_not_flatten_the_others() -> None:
    def line(title: str, errors: tuple[float, ...]) -> RobustnessLine:
        return RobustnessLine(title, errors, errors, errors, ("",) * 6)

    figure = robustness_figure([line("noise", (3, 100, 200, 300, 400, 500)), line("blur", (3, 3, 4, 4, 5, 6))], "cells")
    assert 6 < figure.layout.yaxis.range[1] < 30
    assert figure.layout.yaxis2.range == figure.layout.yaxis.range
    mild = robustness_figure([line("blur", (3, 3, 4, 4, 5, 6))], "cells")
    assert 6 < mild.layout.yaxis.range[1] < 7
    alone = robustness_figure([RobustnessLine("noise", (3, 4, 5, 6, 7, 60), (), (), ("",) * 6)], "cells")
    assert len(alone.data) == 1 and 6 < alone.layout.yaxis.range[1] < 30, "without intervals the errors set the scale"


def test_each_learning_curve_bears_its_class_and_the_lowest_of_a_column_what_is_counted() -> None:
    one = Interval(0.5, 0.4, 0.6)
    pair = (one, one)
    curve = Curve(sizes=(5.0, 10.0), tried=pair, ahead=(10.0, 60.0), path=pair, gains=pair, tested=None)
    long = "Septoria leaf spot, sporulating, on old leaves"
    names = ["healthy", "a < b & c", long, "rust", "mould"]
    figure = learning_curve_figure([LearningCurve(name=name, pictures=10, curve=curve) for name in names])
    titles = [item.text for item in figure.layout.annotations]
    assert titles[:2] == ["healthy", "a &lt; b &amp; c"] and titles[3:] == ["rust", "mould"]
    assert len(titles[2]) <= TITLE and titles[2].startswith("Septoria") and titles[2].endswith("old leaves")
    said = [figure.layout[f"xaxis{number}"].title.text for number in ("", 2, 3, 4, 5)]
    assert said == [None, None, *["pictures"] * 3]
    assert figure.layout.yaxis.title.text == "found, %"
