"""All projects at a glance, in a handful of queries however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.store.projects import ProjectView, list_projects
from core.store.tables import ImageRow, RunRow
from core.types import ImageId, ImageState, ProjectId, RunId, RunKind, RunState

SHOWN_KINDS = (RunKind.TRAIN, RunKind.IMPORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """A project's newest training or import; `at` is when it ended, or else when it was asked for."""

    id: RunId
    kind: RunKind
    state: RunState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSummary:
    """A project with its first picture (id and address), how many pictures it has, and its last run."""

    project: ProjectView
    cover: tuple[ImageId, str] | None
    pictures: int
    labelled: int
    last_run: LastRun | None


def list_summaries(session: Session, *, deleted: bool = False) -> list[ProjectSummary]:
    """Projects that are not deleted, or those that are, newest first."""
    found = list_projects(session, deleted=deleted)
    ids = [project.id for project in found]
    counts, covers, last = _counts(session, ids), _covers(session, ids), _last_runs(session, ids)
    return [
        ProjectSummary(
            project=project,
            cover=covers.get(project.id),
            pictures=sum(counts[project.id].values()),
            labelled=counts[project.id].get(ImageState.LABELLED, 0),
            last_run=last.get(project.id),
        )
        for project in found
    ]


def _counts(session: Session, ids: Sequence[ProjectId]) -> Mapping[ProjectId, dict[ImageState, int]]:
    # As in label_queue.read_progress: all in one index, less the deleted ones, which another index finds.
    query = select(ImageRow.project_id, ImageRow.state, func.count()).group_by(ImageRow.project_id, ImageRow.state)
    deleted = select(ImageRow.id).where(ImageRow.project_id.in_(ids), ImageRow.deleted_at.is_not(None))
    counts: dict[ProjectId, dict[ImageState, int]] = {project_id: {} for project_id in ids}
    for project_id, state, number in session.execute(query.where(ImageRow.project_id.in_(ids))):
        counts[project_id][state] = number
    for project_id, state, number in session.execute(query.where(ImageRow.id.in_(deleted))):
        counts[project_id][state] -= number
    return counts


def _covers(session: Session, ids: Sequence[ProjectId]) -> dict[ProjectId, tuple[ImageId, str]]:
    first = (
        select(func.min(ImageRow.id))
        .where(ImageRow.project_id.in_(ids), ImageRow.deleted_at.is_(None))
        .group_by(ImageRow.project_id)
    )
    query = select(ImageRow.project_id, ImageRow.id, ImageRow.blob).where(ImageRow.id.in_(first))
    return {project_id: (image_id, blob) for project_id, image_id, blob in session.execute(query)}


def _last_runs(session: Session, ids: Sequence[ProjectId]) -> dict[ProjectId, LastRun]:
    newest = (
        select(func.max(RunRow.id))
        .where(RunRow.project_id.in_(ids), RunRow.kind.in_(SHOWN_KINDS))
        .group_by(RunRow.project_id)
    )
    return {
        row.project_id: LastRun(id=row.id, kind=row.kind, state=row.state, at=row.finished_at or row.created_at)
        for row in session.scalars(select(RunRow).where(RunRow.id.in_(newest)))
        if row.project_id is not None
    }
