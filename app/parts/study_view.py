"""A comparison as it stands: one table, one chart."""

import streamlit as st

from app.context import graft
from app.links import page_link
from app.parts.starts import start_of
from app.parts.text import count, duration, md
from core.charts import depths_figure, depths_info, whiskers_figure, whiskers_info
from core.services.benchmarks import FIGURES, GroupView, RowView
from core.types import RunState

STATES = {
    RunState.QUEUED: "waits",
    RunState.RUNNING: "runs",
    RunState.DONE: "done",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "stopped",
}
DEPTHS = {"last:0": "head alone", "head": "head alone", "all": "everything"}
PLOT = {"displayModeBar": False}


def study(view: GroupView, unit: str) -> None:
    """The table, the chart, and what went wrong."""
    figure = FIGURES[view.figure]
    where = (
        f" Time for a picture was measured one at a time on this machine ({md(view.device)})." if view.device else ""
    )
    st.caption(
        f"Dataset version {view.version}. {figure.title} on the same test pictures, with its 95% interval; "
        f"{'higher' if figure.higher else 'lower'} is better.{where}"
    )
    st.dataframe([_row(view, row, unit) for row in view.rows], hide_index=True, width="stretch")
    for row in view.rows:
        if row.error:
            st.error(f"Run {row.run}, {md(row.backbone)}: {md(row.error)}", icon=":material/error:")
    known = [row for row in view.rows if row.score is not None]
    percent = figure.kind == "share"
    unmoved = sum(row.unmoved for row in known)
    if unmoved:
        st.caption(
            f"{count(unmoved, 'training')} of {len(known)} kept the beginning, the last layer alone: on validation "
            "nothing that came after it was better."
        )
    if view.study == "depth" and len(known) > 1:
        info = depths_info([_depth(row) for row in known], [row.score for row in known])
        st.plotly_chart(depths_figure(info, figure.title, percent=percent), config=PLOT, key=f"depth-{view.group}")
        if any(row.weights != "none" for row in known):
            st.caption(
                "Where the line clearly falls to the right, the network forgets more than it learns: there are few "
                "pictures for so many free layers. Where it clearly rises, your pictures differ from those it knew "
                "(Yosinski et al. 2014). A change that is small beside the grey band may be chance."
            )
    elif known:
        chart = whiskers_info(list(map(network_words, known)), {figure.title: [row.score for row in known]})
        drawn = whiskers_figure(chart, percent=percent, title=figure.title)
        st.plotly_chart(drawn, config=PLOT, key=f"networks-{view.group}")
    done = [row.run for row in known]
    if len(done) > 1:
        others = ",".join(str(run) for run in done[1:])
        page_link(
            "Compare them picture by picture", "compare", icon=":material/balance:", run=done[0], **{"with": others}
        )


def _row(view: GroupView, row: RowView, unit: str) -> dict[str, str]:
    figure = FIGURES[view.figure]
    score = "–" if row.score is None else f"{figure.shown(row.score, unit)} ({figure.range(row.score, unit)})"
    first = {"What learns": _depth(row)} if view.study == "depth" else {"Network": row.backbone}
    state = {} if all(item.state is RunState.DONE for item in view.rows) else {"State": STATES[row.state]}
    return {
        "Run": str(row.run),
        **first,
        **state,
        figure.title: score,
        "Starts from": start_of(row.weights).partition(" (")[0],
        "Training": "–" if row.seconds is None else duration(row.seconds),
        "Parameters": "–" if row.parameters is None else _millions(row.parameters),
        "File": "–" if row.size_bytes is None else f"{row.size_bytes / 1e6:.2f} MB",
        "Per picture": "–" if row.latency_ms is None else f"{row.latency_ms:.1f} ms",
    }


def network_words(row: RowView) -> str:
    """A network beside the axis: two rows of one network differ in that one starts from nothing."""
    return f"{row.backbone}, from nothing" if row.weights == "none" else row.backbone


def _millions(parameters: int) -> str:
    return f"{parameters / 1e6:.1f} million" if parameters >= 1e6 else f"{parameters:,}"


def _depth(row: RowView) -> str:
    return DEPTHS.get(row.tune) or f"last {count(int(row.tune.removeprefix('last:')), 'stage')}"


def progress(view: GroupView) -> None:
    """How far the group is; what runs now, and how far that is."""
    ended = sum(row.state.ended for row in view.rows)
    now = next((row for row in view.rows if row.state is RunState.RUNNING), None)
    run = None if now is None else graft().training.read(now.run)
    share = 0.0 if run is None else float(str(run.progress.get("fraction") or 0))
    words = (
        "waiting for its turn" if now is None or run is None else f"{now.backbone}: {run.progress.get('message', '')}"
    )
    text = f"{ended} of {len(view.rows)} done · {words}"
    st.progress(min(1.0, (ended + share) / len(view.rows)), text=md(text))
