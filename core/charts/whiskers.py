"""Values with their intervals, one line each: classes of a run, or runs side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.words import plain, short, with_ends
from core.evaluation import Interval


@dataclass(frozen=True, slots=True)
class Whiskers:
    """One series: values and interval ends by name; names without a value are left out of all but `asked`."""

    title: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    asked: tuple[str, ...]


def whiskers_info(names: Sequence[str], series: Mapping[str, Sequence[Interval | None]]) -> tuple[Whiskers, ...]:
    """What the chart of these series shows."""
    found = []
    for title, intervals in series.items():
        known = [(name, item) for name, item in zip(names, intervals, strict=True) if item is not None]
        found.append(
            Whiskers(
                title=title,
                names=tuple(name for name, _ in known),
                values=tuple(item.value for _, item in known),
                low=tuple(item.low for _, item in known),
                high=tuple(item.high for _, item in known),
                asked=tuple(names),
            )
        )
    return tuple(found)


def whiskers_figure(info: Sequence[Whiskers], *, percent: bool = True, title: str = "") -> go.Figure:
    """Dots with whiskers, the first name on top; `title` says what the numbers are."""
    figure = go.Figure()
    known = {name for item in info for name in item.names}
    names = [name for name in dict.fromkeys(name for item in info for name in item.asked) if name in known]
    shown = short(names)
    lines = len(names)
    scale = 100 if percent else 1
    for index, item in enumerate(info):
        figure.add_scatter(
            x=[value * scale for value in item.values],
            y=[plain(name) for name in item.names],
            name=item.title,
            mode="markers",
            cliponaxis=False,  # else dots at 0 and 100 were cut in half
            orientation="h",  # else lines of one name would not be set beside each other
            marker={"size": 9, "symbol": ("circle", "diamond", "square")[index % 3]},
            error_x={
                "array": [(high - value) * scale for high, value in zip(item.high, item.values, strict=True)],
                "arrayminus": [(value - low) * scale for low, value in zip(item.low, item.values, strict=True)],
                "thickness": 1.5,
            },
            customdata=with_ends(item.values, item.low, item.high, percent=percent),
            hovertemplate=f"%{{y}}: %{{customdata}}<extra>{item.title}</extra>",
        )
    figure.update_layout(
        scattermode="group",
        yaxis={
            "type": "category",
            "range": [lines - 0.5, -0.5],
            "tickvals": [plain(name) for name in names],
            "ticktext": [plain(shown[name]) for name in names],
        },
        xaxis={
            "title": ", ".join([plain(title)] * bool(title) + ["%"] * percent),
            **({"range": [0, 102]} if percent else {}),
        },
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        height=140 + lines * max(20 * len(info), 28),
    )
    return figure
