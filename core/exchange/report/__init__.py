"""A training's report: facts in, one HTML file out that needs nothing else."""

from core.exchange.report.drawing import Dots
from core.exchange.report.facts import External, Flow, Heatmap, Limit, Picture, PictureMap, ReportFacts, Resembling
from core.exchange.report.styles import STYLES, Style
from core.exchange.report.whole import report_html

__all__ = [
    "STYLES", "Dots", "External", "Flow", "Heatmap", "Limit", "Picture", "PictureMap", "ReportFacts", "Resembling",
    "Style", "report_html",
]  # fmt: skip
