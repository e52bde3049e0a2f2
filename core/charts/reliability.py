"""How sure against how right: the reliability diagram."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import plotly.graph_objects as go

from core.evaluation import ReliabilityBin


@dataclass(frozen=True, slots=True)
class ReliabilityInfo:
    """Points in percent: mean confidence, share right with its interval, and how many predictions."""

    sure: tuple[float, ...]
    right: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    counts: tuple[int, ...]


def reliability_info(bins: Sequence[ReliabilityBin]) -> ReliabilityInfo:
    """What the diagram of these bins shows."""
    return ReliabilityInfo(
        sure=tuple(round(100 * item.confidence, 1) for item in bins),
        right=tuple(round(100 * item.right.value, 1) for item in bins),
        low=tuple(round(100 * item.right.low, 1) for item in bins),
        high=tuple(round(100 * item.right.high, 1) for item in bins),
        counts=tuple(item.count for item in bins),
    )


def reliability_figure(info: ReliabilityInfo) -> go.Figure:
    """The diagram; without points, its empty axes."""
    figure = go.Figure()
    figure.add_scatter(
        x=info.sure,
        y=info.right,
        mode="markers",
        cliponaxis=False,
        name="this model (larger: more predictions)",
        error_y={
            "array": [high - value for high, value in zip(info.high, info.right, strict=True)],
            "arrayminus": [value - low for low, value in zip(info.low, info.right, strict=True)],
            "thickness": 1.2,
        },
        marker={"size": [_size(count, info.counts) for count in info.counts], "opacity": 1},
        customdata=list(zip(info.counts, info.low, info.high, strict=True)),
        hovertemplate="%{x:.0f}% sure: %{y:.0f}% right (%{customdata[1]:.0f} to %{customdata[2]:.0f}), "
        "%{customdata[0]} predictions<extra></extra>",
    )
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"dash": "dot", "color": "gray"},
        hoverinfo="skip",
        name="as sure as right",
    )
    figure.update_layout(
        xaxis={"title": "how sure it was, %", "range": [0, 102]},
        yaxis={"title": "how often it was right, %", "range": [0, 102]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 50, "r": 10, "t": 40, "b": 45},
        height=420,
    )
    return figure


def _size(count: int, counts: Sequence[int]) -> float:
    return 6.0 + 14.0 * sqrt(count / max(counts))
