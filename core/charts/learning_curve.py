"""How much of each class is found, by how many of its pictures were learnt from, and the forecast."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.words import plain, short
from core.evaluation.forecast import Curve

TITLE = 28
"""Letters of a name for which there is room above its curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurve:
    """A class, how many pictures it has, and its curve."""

    name: str
    pictures: int
    curve: Curve


def learning_curve_figure(curves: Sequence[LearningCurve], columns: int = 3) -> go.Figure:
    """Small multiples: dots with whiskers for what was tried, a dotted line in a band for the forecast."""
    columns = min(columns, max(2, len(curves)))  # of two none is left empty
    rows = max(1, -(-len(curves) // columns))
    figure = go.Figure()
    shown = short([item.name for item in curves], TITLE)
    titles = [plain(shown[item.name]) for item in curves]
    figure.set_subplots(rows=rows, cols=columns, subplot_titles=titles, shared_yaxes=True,
                        vertical_spacing=0.3 / rows, horizontal_spacing=0.04)  # fmt: skip
    for index, curve in enumerate(item.curve for item in curves):
        place = {"row": index // columns + 1, "col": index % columns + 1}
        low, high = ([100 * getattr(item, end) for item in curve.path] for end in ("low", "high"))
        figure.add_scatter(
            x=[*curve.ahead, *reversed(curve.ahead)], y=[*high, *reversed(low)], fill="toself", mode="lines",
            line={"width": 0}, fillcolor="rgba(0,114,178,.18)", hoverinfo="skip", **place,
        )  # fmt: skip
        figure.add_scatter(
            x=curve.ahead, y=[100 * item.value for item in curve.path], mode="lines",
            line={"color": "#0072B2", "dash": "dot"}, customdata=list(zip(low, high, strict=True)),
            hovertemplate="%{x:.0f} pictures: %{y:.0f}% (%{customdata[0]:.0f} to %{customdata[1]:.0f})"
            "<extra>forecast</extra>", **place,
        )  # fmt: skip
        figure.add_scatter(
            x=curve.sizes, y=[100 * item.value for item in curve.tried], mode="markers", marker={"color": "#2F7D55"},
            error_y={
                "array": [100 * (item.high - item.value) for item in curve.tried],
                "arrayminus": [100 * (item.value - item.low) for item in curve.tried], "thickness": 1,
            },
            hovertemplate="%{x:.0f} pictures: %{y:.0f}%<extra>tried</extra>", **place,
        )  # fmt: skip
        if index + columns >= len(curves):  # the lowest of its column
            figure.update_xaxes(title_text="pictures", **place)  # more words would run into each other on a phone
    figure.update_annotations(font_size=12)
    figure.update_yaxes(range=[0, 102])
    figure.update_yaxes(title_text="found, %", col=1)
    figure.update_xaxes(rangemode="tozero")
    figure.update_layout(showlegend=False, height=70 + 220 * rows, margin={"l": 10, "r": 10, "t": 40, "b": 10})
    return figure
