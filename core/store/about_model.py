"""What else is known of a training: the newest finished jobs about its model, its pictures and its project."""

from sqlalchemy.orm import Session

from core.store import runs
from core.store.runs import RunRecord
from core.types import RunKind, RunState

ABOUT_MODEL = (RunKind.ROBUSTNESS, RunKind.GRADE, RunKind.CHANGES)
"""Jobs whose parent is the model's run."""


def newest_about(session: Session, run: RunRecord) -> dict[RunKind, RunRecord]:
    """Kind -> the newest finished one: tests of the model, a forecast for its pictures, a check of its project.

    Of maps, what the model sees comes before what a network sees that has learnt none of the labels.
    """
    done = runs.list_runs(
        session,
        project_id=run.project_id,
        kinds=[*ABOUT_MODEL, RunKind.FORECAST, RunKind.CHECK, RunKind.MAP],
        states=[RunState.DONE],
    )
    trained = runs.list_runs(session, project_id=run.project_id, kinds=[RunKind.TRAIN])
    peers = {item.id for item in trained if item.version_id == run.version_id}
    allowed: dict[RunKind, set[int | None]] = {kind: {run.id} for kind in ABOUT_MODEL}
    allowed |= {RunKind.FORECAST: {*peers}, RunKind.MAP: {run.id, None}}
    found: dict[RunKind, RunRecord] = {}
    for item in sorted(done, key=lambda item: item.kind is RunKind.MAP and item.parent_id is None):
        if item.kind is RunKind.CHECK or item.parent_id in allowed[item.kind]:
            found.setdefault(item.kind, item)
    return found


def external_tests(session: Session, run: RunRecord) -> list[RunRecord]:
    """The finished tests of its model on other pictures, newest first."""
    done = runs.list_runs(session, project_id=run.project_id, kinds=[RunKind.EVALUATE], states=[RunState.DONE])
    return [item for item in done if item.payload.get("model") == run.id]
