"""Decision curves: how useful a model is, by the chance from which one acts."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.words import plain
from core.evaluation.decision import Benefit

GREEN = "#3f8f4f"
BELOW = 0.35
"""How far below 0 the frame goes, as a share of its height above: what loses more than that is as bad as can be."""


def benefit_figure(curve: Sequence[Benefit], act_from: float, model: str, everyone: str, nobody: str) -> go.Figure:
    """Net benefit per 1,000 of the model with its interval, of acting on all, and on none; a line where one acts."""
    figure = go.Figure()
    chances = [100 * point.act_from for point in curve]
    low, high = [point.model.low for point in curve], [point.model.high for point in curve]
    top = max([point.model.high for point in curve] + [1.0])
    figure.add_scatter(
        x=[*chances, *reversed(chances)], y=[*high, *reversed(low)], fill="toself", mode="none",
        fillcolor="rgba(63,143,79,.18)", name="95% interval", hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=chances, y=[point.model.value for point in curve], mode="lines", line={"color": GREEN}, name=plain(model),
        customdata=list(zip(low, high, strict=True)),
        hovertemplate="from a chance of %{x:.0f}%: worth %{y:.1f} of 1,000 "
        "(%{customdata[0]:.1f} to %{customdata[1]:.1f})<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=chances, y=[point.everyone for point in curve], mode="lines", line={"color": "gray", "dash": "dash"},
        name=plain(everyone), hovertemplate="%{y:.1f} of 1,000<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[0, 100], y=[0, 0], mode="lines", line={"color": "gray", "dash": "dot"}, name=plain(nobody), hoverinfo="skip"
    )
    figure.add_vline(x=100 * act_from, line={"color": "#c8641e", "width": 1.5})
    figure.update_layout(
        xaxis={"title": "chance from which you act, %", "range": [0, 100]},
        yaxis={"title": "net benefit, of 1,000", "range": [-BELOW * top, 1.1 * top]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        height=380,
    )
    return figure
