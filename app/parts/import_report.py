"""What became of the files of an import."""

import streamlit as st

from app.links import page_link
from app.parts.file_lines import file_lines
from app.parts.text import count
from core.services.imports import SHOWN_ITEMS, ImportItem, ImportReport
from core.types import Outcome, RunState

OVERRULE = "Also replace labels that people gave in Graft"


def outcome(report: ImportReport) -> None:
    """What became of the files."""
    for column, (label, number) in zip(
        st.columns(3),
        (("Added", report.added), ("Already there", report.duplicates), ("To look at", report.rejected)),
        strict=True,
    ):
        column.metric(label, f"{number:,}", border=True)
    if report.items:
        for sentence in _told(report):
            st.markdown(sentence)
        file_lines([{"File": item.name, "What": _what(item), "Why": item.reason} for item in report.items])
        if len(report.items) == SHOWN_ITEMS:
            st.caption(f"The first {SHOWN_ITEMS} lines are shown; the report has all.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button("Download the report", f"/api/imports/{report.run.id}/report.csv", icon=":material/download:")
        if report.added:
            page_link("Label them", "label", icon=":material/sell:")


def _told(report: ImportReport) -> list[str]:
    told = []
    if report.rejected:
        whole = report.run.state is RunState.DONE and report.added + report.duplicates > 0 and not report.kept
        rest = " Everything else went in." if whole else ""
        told.append(f"{count(report.rejected, 'line')} on what was left out or is without a label.{rest}")
    if report.corrected:
        there = f"{count(report.corrected, 'picture')} that {'was' if report.corrected == 1 else 'were'} here already"
        changed = f"; **{count(report.relabelled, 'label')} changed**" if report.relabelled else ""
        told.append(f"Something new was told of {there}, and taken over{changed}.")
    if report.kept:
        stays = "stays as it is" if report.kept == 1 else "stay as they are"
        told.append(
            f":material/warning: **{count(report.kept, 'label')} {stays}**, although another was told. Look at the "
            f"first lines below. To let what is told win, choose “{OVERRULE}” above and bring it again; or open single "
            "pictures in the gallery."
        )
    return told


def _what(item: ImportItem) -> str:
    if item.relabelled is not None:
        return "Label changed" if item.relabelled else "Label kept"
    return {Outcome.CORRECTED: "Corrected", Outcome.ADDED: "Added"}.get(item.outcome, "Look at it")
