"""Charts as pure functions: what is shown as a value, then its figure."""

from core.charts.answered import answered_figure
from core.charts.benefit import benefit_figure
from core.charts.depths import Depths, depths_figure, depths_info
from core.charts.lineage import LineageStep, lineage_svg
from core.charts.rates import rates_figure
from core.charts.reliability import ReliabilityInfo, reliability_figure, reliability_info
from core.charts.scatter import ScatterInfo, scatter_figure, scatter_info
from core.charts.search import Trials, search_figure, search_info
from core.charts.whiskers import Whiskers, whiskers_figure, whiskers_info

__all__ = [
    "Depths",
    "LineageStep",
    "ReliabilityInfo",
    "ScatterInfo",
    "Trials",
    "Whiskers",
    "answered_figure",
    "benefit_figure",
    "depths_figure",
    "depths_info",
    "lineage_svg",
    "rates_figure",
    "reliability_figure",
    "reliability_info",
    "scatter_figure",
    "scatter_info",
    "search_figure",
    "search_info",
    "whiskers_figure",
    "whiskers_info",
]
