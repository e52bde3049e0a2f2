"""What the trials of a search scored, one after the other, and the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

COLOUR = "#2f7d55"


@dataclass(frozen=True, slots=True)
class Trials:
    """Trials that have a score, in their order; `whole`: ended by itself; `best`: of the whole ones so far."""

    numbers: tuple[int, ...]
    scores: tuple[float, ...]
    whole: tuple[bool, ...]
    best: tuple[float | None, ...]


def search_info(trials: Sequence[tuple[int, float | None, bool]]) -> Trials:
    """From (number, score, whether it ended by itself); trials without a score are left out."""
    known = [(number, score, whole) for number, score, whole in trials if score is not None]
    best: list[float | None] = []
    for _, score, whole in known:
        before = best[-1] if best else None
        best.append(before if not whole else score if before is None else max(before, score))
    return Trials(
        numbers=tuple(item[0] for item in known),
        scores=tuple(item[1] for item in known),
        whole=tuple(item[2] for item in known),
        best=tuple(best),
    )


def search_figure(info: Trials, title: str) -> go.Figure:
    """A point for each trial, hollow if it did not come to its end, and a line for the best so far."""
    figure = go.Figure()
    figure.add_scatter(
        x=info.numbers, y=info.best, mode="lines", line={"shape": "hv", "color": "rgba(128, 128, 128, 0.7)"},
        name="best so far", hoverinfo="skip",
    )  # fmt: skip
    for whole, name, symbol in ((True, "trial", "circle"), (False, "not to its end", "circle-open")):
        chosen = [index for index, item in enumerate(info.whole) if item is whole]
        figure.add_scatter(
            x=[info.numbers[index] for index in chosen], y=[info.scores[index] for index in chosen], mode="markers",
            marker={"size": 9, "symbol": symbol, "color": COLOUR}, name=name,
            hovertemplate="trial %{x}: %{y:.3f}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        xaxis={
            "title": "trial",
            "tick0": 1,
            "dtick": max(1, len(info.numbers) // 12),
            "range": [0.5, max(info.numbers, default=1) + 0.5],
        },
        yaxis={"title": title},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        height=320,
    )
    return figure
