"""What each chart shows, and that its figure draws."""

from core.charts import (
    reliability_figure,
    reliability_info,
    scatter_figure,
    scatter_info,
    whiskers_figure,
    whiskers_info,
)
from core.charts.reliability import ReliabilityInfo
from core.charts.scatter import ScatterInfo
from core.charts.whiskers import Whiskers
from core.evaluation import Interval, ReliabilityBin


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
    assert info == (Whiskers("recall", ("rust",), (0.5,), (0.4,), (0.6,)),)
    assert list(whiskers_figure(info).data[0].x) == [50.0]
    assert list(whiskers_figure(info, percent=False).data[0].x) == [0.5]
    assert len(whiskers_figure([]).data) == 0
