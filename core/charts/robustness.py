"""How far a model's share of right answers falls as pictures are spoilt."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.words import plain

MOST = 6
"""An axis of errors ends at so many times the error in pictures as they are."""


@dataclass(frozen=True, slots=True)
class RobustnessLine:
    """One way of spoiling: percent right (or typical errors) at strengths 0 to 5, intervals, strengths in words.

    `low` and `high` are empty where there is too little for an interval.
    """

    title: str
    right: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    words: tuple[str, ...]


def robustness_figure(lines: Sequence[RobustnessLine], unit: str | None = None, columns: int = 3) -> go.Figure:
    """Small multiples on one scale, which the worst errors may leave, a band for the interval.

    Typical errors in that unit, if one is given.
    """
    rows = max(1, -(-len(lines) // columns))
    figure = go.Figure()
    figure.set_subplots(rows=rows, cols=columns, subplot_titles=[line.title for line in lines], shared_yaxes=True,
                        vertical_spacing=0.28 / rows, horizontal_spacing=0.03)  # fmt: skip
    for index, line in enumerate(lines):
        row, column = index // columns + 1, index % columns + 1
        steps = list(range(len(line.right)))
        if line.high:
            figure.add_scatter(
                x=[*steps, *reversed(steps)], y=[*line.high, *reversed(line.low)], fill="toself", mode="lines",
                line={"width": 0}, fillcolor="rgba(63,143,79,.18)", hoverinfo="skip", row=row, col=column,
            )  # fmt: skip
        figure.add_scatter(
            x=steps, y=line.right, mode="lines+markers", line={"color": "#3f8f4f"}, text=line.words,
            hovertemplate="%{text}: " + ("%{y:.0f}%" if unit is None else "%{y:.3g}") + "<extra></extra>",
            row=row, col=column,
        )  # fmt: skip
    figure.update_annotations(font_size=12)  # three titles fit side by side on a phone
    figure.update_yaxes(range=[0, 102 if unit is None else _top(lines)])
    figure.update_yaxes(title_text="right, %" if unit is None else f"typical error {plain(unit)}".strip(), col=1)
    figure.update_xaxes(dtick=1, range=[-0.2, 5.2])
    figure.update_layout(showlegend=False, height=60 + 210 * rows, margin={"l": 10, "r": 10, "t": 40, "b": 10})
    return figure


def too_high(lines: Sequence[RobustnessLine]) -> bool:
    """Whether some typical errors lie above their axis."""
    return max((max(line.right) for line in lines), default=0.0) > _top(lines)


def _top(lines: Sequence[RobustnessLine]) -> float:
    """The end of the axis of errors: one way that ruins everything must not flatten the others."""
    ends = [line.high or line.right for line in lines]
    usual = max((end[0] for end in ends), default=0.0)
    return 1.05 * min(max((max(end) for end in ends), default=0.0), MOST * usual) or 1.0
