"""The loss against the learning rate, as a range test has it."""

from collections.abc import Sequence

import plotly.graph_objects as go


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
        x=rates, y=smoothed, mode="lines", name="running average", hovertemplate="%{x:.1e}: %{y:.3f}<extra></extra>"
    )
    if suggested is not None:
        figure.add_vline(
            x=suggested, line={"dash": "dash", "width": 1}, annotation_text=f"{suggested:.1g}",
            annotation_position="top",
        )  # fmt: skip
    figure.update_layout(
        xaxis={"type": "log", "title": "learning rate", "exponentformat": "power"},
        yaxis={"title": "loss"},
        legend={"orientation": "h", "y": 1.08, "yanchor": "bottom", "x": 0},
        margin={"l": 10, "r": 10, "t": 50, "b": 40},
        height=300,
    )
    return figure
