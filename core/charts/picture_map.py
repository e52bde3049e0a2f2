"""Pictures as points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts.words import plain

Places = NDArray[np.float32]  # (N, 2)
FEW = 8
"""So many names stand below the points, where they leave a narrow screen its width; more, beside them in a list."""
BELOW = {"orientation": "h", "x": 0, "y": 0, "yanchor": "top"}
BESIDE = {"y": 1, "yanchor": "top"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """Points of one colour: positions (n,) among all; with `values` (n,) the colours follow these instead.

    An empty colour is the theme's next one.
    """

    name: str
    colour: str
    positions: NDArray[np.int64]
    values: NDArray[np.float64] | None = None


def picture_map_figure(places: Places, names: Sequence[str], heaps: Sequence[Heap]) -> go.Figure:
    """Places (N, 2) with the pictures' names (N,), a trace per heap in their order, drawn by the graphics card.

    A chosen point's `curve_number` and `point_index` are a heap and a position in it.
    """
    figure = go.Figure()
    size = 9 if len(places) <= 500 else 7 if len(places) <= 3000 else 5
    for heap in heaps:
        own = places[heap.positions]
        marker: dict[str, object] = {"size": size, "opacity": 0.75}
        if heap.values is not None:
            marker |= {"color": heap.values.tolist(), "colorbar": {"title": plain(heap.name)}, "colorscale": "Viridis"}
        elif heap.colour:
            marker["color"] = heap.colour
        figure.add_trace(
            go.Scattergl(
                x=own[:, 0].round(4).tolist(),
                y=own[:, 1].round(4).tolist(),
                name=f"{plain(heap.name)} ({len(own):,})",
                mode="markers",
                marker=marker,
                text=[plain(names[position]) for position in heap.positions.tolist()],
                customdata=None if heap.values is None else heap.values.tolist(),
                hovertemplate="%{text}"
                + ("" if heap.values is None else "<br>%{customdata:.4g}")
                + f"<extra>{plain(heap.name)}</extra>",
                showlegend=heap.values is None,
                unselected={"marker": {"opacity": 0.15}},
            )
        )
    bare = {"visible": False, "range": [-1.05, 1.05]}
    figure.update_layout(
        xaxis=bare,
        yaxis={**bare},
        dragmode="lasso",
        height=620,
        margin={"l": 0, "r": 0, "t": 36, "b": 0},
        legend={"itemsizing": "constant", **(BELOW if len(heaps) <= FEW else BESIDE)},
    )
    return figure
