"""The loss against the learning rate, as a range test has it."""

from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go

GREY = "rgb(128, 128, 128)"
"""Seen on white and on black."""


def rates_figure(
    rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float], suggested: float | None
) -> go.Figure:
    """Every step's loss as points, their running average as a line, and the suggested rate."""
    figure = go.Figure()
    figure.add_scatter(
        x=rates, y=losses, mode="markers", name="each step", hoverinfo="skip",
        marker={"size": 4, "color": "rgba(128, 128, 128, 0.5)"},
    )  # fmt: skip
    figure.add_scatter(
        x=rates,
        y=smoothed,
        mode="lines",
        name="running average",
        line={"color": "#2f7d55"},
        hovertemplate="%{x:.1e}: %{y:.3f}<extra></extra>",
    )
    if suggested is not None:
        figure.add_vline(x=suggested, line={"dash": "dash", "width": 1.5, "color": GREY})
        figure.add_annotation(  # on a logarithmic axis an annotation's place is the exponent
            x=log10(suggested), y=1, yref="paper", yanchor="bottom", text=f"{suggested:.2g}", showarrow=False
        )
    figure.update_layout(
        xaxis={"type": "log", "title": "learning rate", "exponentformat": "power"},
        yaxis={"title": "loss", "range": _shown(smoothed)},
        legend={"orientation": "h", "y": 1.08, "yanchor": "bottom", "x": 0},
        margin={"l": 10, "r": 10, "t": 50, "b": 40},
        height=300,
    )
    return figure


def _shown(smoothed: Sequence[float]) -> list[float] | None:
    """The losses between which the curve is drawn: where it breaks out would flatten all else."""
    if not smoothed:
        return None
    low, start = min(smoothed), smoothed[0]
    span = max(start - low, 0.1 * abs(start), 1e-3)
    return [low - 0.3 * span, start + 0.7 * span]
