"""Predicted numbers against true ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.words import plain


@dataclass(frozen=True, slots=True)
class ScatterInfo:
    """One point per picture, and the ends of the line on which prediction equals truth."""

    truth: tuple[float, ...]
    said: tuple[float, ...]
    names: tuple[str, ...]
    ends: tuple[float, float]
    unit: str


def scatter_info(points: Sequence[tuple[float, float, str]], unit: str = "") -> ScatterInfo:
    """What the scatter of points (truth, prediction, name) shows."""
    values = [value for truth, said, _ in points for value in (truth, said)]
    return ScatterInfo(
        truth=tuple(item[0] for item in points),
        said=tuple(item[1] for item in points),
        names=tuple(item[2] for item in points),
        ends=(min(values), max(values)) if values else (0.0, 1.0),
        unit=unit,
    )


def scatter_figure(info: ScatterInfo) -> go.Figure:
    """The scatter; a point's `customdata` is its position."""
    unit = f", {plain(info.unit)}" if info.unit else ""
    figure = go.Figure()
    figure.add_scatter(
        x=info.truth,
        y=info.said,
        mode="markers",
        marker={"size": 9, "opacity": 0.6},
        text=[plain(name) for name in info.names],
        customdata=list(range(len(info.names))),
        hovertemplate="%{text}<br>is %{x:.4g}, said %{y:.4g}<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        x=info.ends,
        y=info.ends,
        mode="lines",
        line={"dash": "dot", "color": "gray"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        xaxis={"title": f"the true number{unit}"},
        yaxis={"title": f"what the model says{unit}"},
        margin={"l": 50, "r": 10, "t": 10, "b": 45},
        height=460,
        dragmode="select",
    )
    return figure
