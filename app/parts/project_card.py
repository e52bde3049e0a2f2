"""One project in the list of all: its first picture, what it holds, how far it has come."""

from datetime import UTC, datetime
from itertools import accumulate

import streamlit as st

from app.links import page_link
from app.parts.project_form import delete_project, edit_project
from app.parts.text import TASK_WORDS, count, duration, md
from core.services.projects import LastRun, ProjectSummary
from core.types import RunKind, RunState, Task
from core.words import enumerated

KIND_WORDS = {RunKind.TRAIN: "training", RunKind.IMPORT: "import"}
STATE_WORDS = {
    RunState.QUEUED: "waits for its turn",
    RunState.RUNNING: "is running",
    RunState.DONE: "done",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "was stopped",
}
SHOWN_CLASSES, SHOWN_LETTERS = 12, 160
PICTURE_PX = 132
BOX = f"width:{PICTURE_PX}px;height:{PICTURE_PX * 3 // 4}px;border-radius:.5rem;display:block;"


def project_card(summary: ProjectSummary) -> None:
    """The card."""
    project = summary.project
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        # Only numbers and a hash go into this HTML.
        if summary.cover:
            image_id, blob = summary.cover
            source = f"/api/image/{image_id}/thumb?v={blob[:12]}"
            st.html(f'<img src="{source}" alt="" style="{BOX}object-fit:cover">', width=PICTURE_PX)
        else:
            st.html(f'<div style="{BOX}background:rgba(128,128,128,.15)"></div>', width=PICTURE_PX)
        with st.container(gap="xxsmall", width="stretch"):
            page_link(f"**{md(project.name)}**", "images" if not summary.pictures else "label", project=project.id)
            synthetic = " · :violet-badge[synthetic pictures]" if project.settings.get("synthetic") else ""
            st.caption(f"{TASK_WORDS[project.task]}{synthetic}")
            st.caption(holdings(summary))
            if summary.last_run:
                st.caption(last_run(summary.last_run))
        with st.container(horizontal=True, width="content"):
            if st.button("", icon=":material/edit:", key=f"edit-{project.id}", help="Name and guideline"):
                edit_project(project)
            if st.button("", icon=":material/delete:", key=f"delete-{project.id}", help="Delete"):
                delete_project(summary)


def holdings(summary: ProjectSummary) -> str:
    """Counts, and the classes by name."""
    project = summary.project
    parts = [count(summary.pictures, "picture"), f"{summary.labelled:,} labelled"]
    if project.task is not Task.REGRESSION:
        letters = accumulate(len(item.name) for item in project.classes[:SHOWN_CLASSES])
        shown = max(1, sum(so_far <= SHOWN_LETTERS for so_far in letters))
        names = [md(item.name) for item in project.classes[:shown]]
        more = [f"{len(project.classes) - shown} more"] if len(project.classes) > shown else []
        listed = f": {enumerated([*names, *more])}" if names else ""
        parts.append(f"{count(len(project.classes), 'class', 'classes')}{listed}")
    return " · ".join(parts)


def last_run(run: LastRun) -> str:
    """The newest run, what became of it, and when."""
    ago = duration(max(0.0, (datetime.now(UTC) - run.at).total_seconds()))
    return f"Last {KIND_WORDS[run.kind]} (run {run.id}): {STATE_WORDS[run.state]}, {ago} ago"
