"""How often a model is right against how much it answers: the risk-coverage curve, right way up."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.evaluation import Interval
from core.evaluation.abstaining import Answered

GREEN, ORANGE = "#3f8f4f", "#c8641e"


def answered_figure(curve: Sequence[Answered], here: tuple[float, Interval] | None = None) -> go.Figure:
    """The curve with its band; `here` marks the share answered and how often that is right."""
    share = [100 * point.share for point in curve]
    low, high = ([100 * getattr(point.right, end) for point in curve] for end in ("low", "high"))
    figure = go.Figure()
    figure.add_scatter(
        x=[*share, *reversed(share)], y=[*high, *reversed(low)], fill="toself", mode="none",
        fillcolor="rgba(63,143,79,.18)", name="95% interval", hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=share,
        y=[100 * point.right.value for point in curve],
        mode="lines",
        line={"color": GREEN},
        name="the surest pictures",
        customdata=[(point.count, a, b) for point, a, b in zip(curve, low, high, strict=True)],
        hovertemplate="the surest %{x:.0f}% (%{customdata[0]} pictures): %{y:.0f}% right "
        "(%{customdata[1]:.0f} to %{customdata[2]:.0f})<extra></extra>",
    )
    if here is not None:
        figure.add_scatter(
            x=[100 * here[0]],
            y=[100 * here[1].value],
            mode="markers",
            cliponaxis=False,
            marker={"size": 13, "color": ORANGE, "symbol": "diamond"},
            error_y={
                "array": [100 * (here[1].high - here[1].value)],
                "arrayminus": [100 * (here[1].value - here[1].low)],
                "thickness": 1.5,
            },
            name="by the rules here",
            hovertemplate="%{x:.0f}% answered: %{y:.0f}% right<extra></extra>",
        )
    figure.update_layout(
        xaxis={"title": "share of the pictures answered, %", "range": [0, 102]},
        yaxis={"title": "right, %", "range": [0, 102]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        height=380,
    )
    return figure
