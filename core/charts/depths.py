"""A score against how much of a network learns: Yosinski et al. 2014, https://arxiv.org/abs/1411.1792, figure 2."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.words import with_ends
from core.evaluation import Interval


@dataclass(frozen=True, slots=True)
class Depths:
    """The depths that have a score, in their order, with value and interval ends."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def depths_info(names: Sequence[str], scores: Sequence[Interval | None]) -> Depths:
    """What the chart shows; depths without a score are left out."""
    known = [(name, item) for name, item in zip(names, scores, strict=True) if item is not None]
    return Depths(
        names=tuple(name for name, _ in known),
        values=tuple(item.value for _, item in known),
        low=tuple(item.low for _, item in known),
        high=tuple(item.high for _, item in known),
    )


def depths_figure(info: Depths, title: str, *, percent: bool = True) -> go.Figure:
    """A line through the depths with the intervals as a band, from the head alone to everything."""
    scale = 100 if percent else 1
    low, high, values = ([item * scale for item in part] for part in (info.low, info.high, info.values))
    figure = go.Figure()
    figure.add_scatter(x=[*info.names, *info.names[::-1]], y=[*high, *low[::-1]], fill="toself", mode="none",
                       fillcolor="rgba(128, 128, 128, 0.25)", name="95% interval", hoverinfo="skip")  # fmt: skip
    figure.add_scatter(
        x=info.names, y=values, mode="lines+markers", marker={"size": 9}, name=title,
        customdata=with_ends(info.values, info.low, info.high, percent=percent),
        hovertemplate="%{x}: %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        xaxis={"type": "category", "title": "what learns"},
        yaxis={"title": f"{title}, %" if percent else title},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        height=360,
    )
    return figure
