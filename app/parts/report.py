"""The report of a training, and where its figures come from."""

from urllib.parse import urlencode

import streamlit as st

from app.context import graft
from app.links import int_param, set_params
from app.parts.came_from import AGAIN, origin_facts, settings_table
from app.parts.run_choice import run_name
from app.parts.text import md
from core.charts import lineage_svg
from core.errors import BadInput
from core.services.reports import STYLES
from core.services.results import RunChoice, Verification
from core.services.results_judging import choices
from core.types import RunId

HOW = (
    "One file that needs nothing else, to read, to send or to print as PDF from the browser: data and their hash, who "
    "labelled, every figure with its interval, the worst mistakes, heatmaps, limits of use, a methods paragraph for a "
    "paper, and a checklist that says where each point is answered."
)


def report(run: RunId) -> None:
    """The report to open, the origin of the figures, and their recomputation."""
    origin = graft().reports.origin(run)
    _open(run)
    if len(origin.lineage) > 1:
        st.markdown("## :small[What it descends from]")
        # st.html would drop the drawing; inside a block element Markdown leaves it, and the names in it, as they are.
        drawing = f'<div style="max-width: 40rem">{lineage_svg(origin.lineage)}</div>'
        st.markdown(drawing, unsafe_allow_html=True)
    st.markdown("## :small[Where the figures come from]")
    origin_facts(origin, {"Trained": f"{origin.trained_at:%d %b %Y, %H:%M} UTC on {origin.device or 'cpu'}"})
    st.caption(AGAIN)
    st.code(origin.command, language="bash", wrap_lines=True)
    _recompute(run)
    with st.expander("Recipe: every setting of the training", icon=":material/receipt_long:"):
        settings_table(origin)


def _open(run: RunId) -> None:
    st.markdown(HOW)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        style = st.segmented_control(
            "Headings for", list(STYLES), default=next(iter(STYLES)), required=True,
            format_func=lambda name: STYLES[name].title,
        )  # fmt: skip
        asked = {"style": style, **_decided(run), **_against(run)}
    with st.container(horizontal=True):
        address = f"/api/runs/{run}/report.html?{urlencode(asked)}"
        st.link_button("Open the report", address, type="primary", icon=":material/description:")
        st.link_button("Download", f"{address}&download=1", icon=":material/download:")
    st.caption(f"{STYLES[style].words} It takes some seconds: heatmaps are drawn for it.")


def _against(run: RunId) -> dict[str, str]:
    """The other training to hold it against, kept in the address unless it is the one that is taken unasked."""
    peers = graft().reports.peers(run)
    if not peers.choices:
        return {}
    known: dict[int | None, RunChoice | None] = {} if peers.usual else {None: None}
    known |= {item.id: item for item in peers.choices}
    wanted = int_param("against")
    shown = wanted if wanted in known else peers.usual
    chosen = st.selectbox(
        "Compared with", list(known), list(known).index(shown), width=320,
        format_func=lambda item: run_name(found) if (found := known[item]) else "No other training",
    )  # fmt: skip
    asked = {} if chosen is None or chosen == peers.usual else {"against": str(chosen)}
    set_params(against=asked.get("against"))
    return asked


def _decided(run: RunId) -> dict[str, str]:
    """What was asked under Decide, as the address has it, so that the report answers it, too."""
    choice = int_param("about")
    if choice is None:
        return {}
    results = graft().results.read(run)
    names = choices(results.task, results.classes)
    if choice >= len(names):
        return {}
    asked = {"miss": st.query_params.get("miss", ""), "common": st.query_params.get(f"common-{choice}", "")}
    return {"about": names[choice], **{name: value for name, value in asked.items() if value}}


def _recompute(run: RunId) -> None:
    if not st.button("Recompute every figure", icon=":material/calculate:", help=RECOMPUTED):
        return
    try:
        found: Verification = graft().results.verify(run)
    except BadInput as error:
        st.info(f"{md(error.message)} {md(error.hint)}", icon=":material/info:")
        return
    marks = {True: "", False: "**Different.** "}
    lines = "\n".join(f"- {marks[item.ok]}{item.name}: {md(item.words)}" for item in found.findings)
    if found.ok:
        st.success(f"Every figure follows from what is stored.\n\n{lines}", icon=":material/check:")
    else:
        st.error(f"The figures do not follow from what is stored.\n\n{lines}", icon=":material/error:")


RECOMPUTED = (
    "Computes every figure again from the stored predictions, labels and dataset version, and holds it against what "
    "was kept when the training ended."
)
