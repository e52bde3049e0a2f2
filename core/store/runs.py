"""Runs: creating, claiming, ending them, and their progress and curves.

A run's worker holds it by `attempt`: whoever was given up for dead and comes back cannot write any more,
because the number has moved on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, case, delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from core.errors import NotFound
from core.store.tables import MetricRow, RunRow
from core.types import JsonObject, Lane, ProjectId, RunId, RunKind, RunState, VersionId

RETRIES = 2
"""How often a run whose process died is continued without having kept anything new, before it counts as failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run as it stood when read. `worked_s` are the seconds of its ended attempts; None where not known."""

    id: RunId
    project_id: ProjectId | None
    kind: RunKind
    lane: Lane
    name: str
    payload: JsonObject
    recipe: JsonObject | None
    version_id: VersionId | None
    parent_id: RunId | None
    state: RunState
    attempts: int
    retries_left: int
    cancel_requested: bool
    worker: str
    heartbeat_at: datetime | None
    progress: JsonObject
    result: JsonObject | None
    device: str
    error: str
    hint: str
    trace: str
    lasting: bool
    code_version: str
    libraries: JsonObject
    created_at: datetime
    started_at: datetime | None
    worked_s: float | None
    finished_at: datetime | None

    @property
    def scored(self) -> bool:
        """Whether it is a training or an external test: what else has a dataset version is never scored itself."""
        return self.kind in (RunKind.TRAIN, RunKind.EVALUATE)

    @property
    def title(self) -> str:
        """How people know the run, on every page: its number, its name or else its preset, network and folds."""
        recipe, folds = self.recipe or {}, self.payload.get("folds")
        kind, repeats = "random splits" if self.payload.get("shuffle") else "folds", self.payload.get("repeats") or 1
        name = self.name or str(recipe.get("preset") or self.kind.value).capitalize()
        backbone = str(recipe.get("backbone") or self.payload.get("backbone") or "")
        if self.payload.get("keep_together") == "group":
            kind += " of whole groups"
        rounds = "" if repeats == 1 else f"{repeats} rounds"
        parts = [f"Run {self.id}", name, backbone, f"{folds} {kind}" if folds else "", rounds]
        return " · ".join(part for part in parts if part)


def _record(row: RunRow) -> RunRecord:
    return RunRecord(**{name: getattr(row, name) for name in RunRecord.__dataclass_fields__})


def create_run(
    session: Session,
    *,
    project_id: ProjectId | None,
    kind: RunKind,
    lane: Lane,
    payload: JsonObject,
    now: datetime,
    name: str = "",
    recipe: JsonObject | None = None,
    version_id: VersionId | None = None,
    parent_id: RunId | None = None,
) -> RunId:
    """Queue a run and return its id."""
    row = RunRow(
        project_id=project_id,
        kind=kind,
        lane=lane,
        payload=payload,
        created_at=now,
        name=name,
        recipe=recipe,
        version_id=version_id,
        parent_id=parent_id,
    )
    session.add(row)
    session.flush()
    return row.id


def read_run(session: Session, run_id: RunId) -> RunRecord:
    """The run. Raises NotFound."""
    row = session.get(RunRow, run_id)
    if row is None:
        raise NotFound(f"There is no run {run_id}.", hint="Page Results and `graft runs NAME` list the trainings.")
    return _record(row)


def list_runs(
    session: Session,
    *,
    project_id: ProjectId | None = None,
    parent_id: RunId | None = None,
    kinds: Sequence[RunKind] = (),
    states: Sequence[RunState] = (),
    limit: int = 1000,
) -> list[RunRecord]:
    """Runs, newest first."""
    query = select(RunRow).order_by(RunRow.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(RunRow.project_id == project_id)
    if parent_id is not None:
        query = query.where(RunRow.parent_id == parent_id)
    if kinds:
        query = query.where(RunRow.kind.in_(kinds))
    if states:
        query = query.where(RunRow.state.in_(states))
    return [_record(row) for row in session.scalars(query)]


def count_ahead(session: Session, run: RunRecord) -> int:
    """How many runs of its lane must end before a queued run starts."""
    query = select(func.count()).where(
        RunRow.lane == run.lane,
        (RunRow.state == RunState.RUNNING) | ((RunRow.state == RunState.QUEUED) & (RunRow.id < run.id)),
    )
    return session.scalar(query) or 0


def has_queued(session: Session, lanes: Sequence[Lane]) -> bool:
    """Whether a claim in these lanes would find anything; a read, so that waiting never takes the write lock."""
    query = select(RunRow.id).where(RunRow.lane.in_(lanes), RunRow.state == RunState.QUEUED).limit(1)
    return session.scalar(query) is not None


def claim_next(session: Session, lane: Lane, *, worker: str, now: datetime) -> RunRecord | None:
    """Atomically take the oldest queued run of the lane; None if there is none, or one of the lane is running.

    However many workers there are, each lane runs one job at a time.
    """
    busy = aliased(RunRow)
    oldest = (
        select(RunRow.id)
        .where(
            RunRow.lane == lane,
            RunRow.state == RunState.QUEUED,
            ~exists().where(busy.lane == lane, busy.state == RunState.RUNNING),
        )
        .order_by(RunRow.id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        update(RunRow)
        .where(RunRow.id == oldest, RunRow.state == RunState.QUEUED)
        .values(
            state=RunState.RUNNING,
            worker=worker,
            attempts=RunRow.attempts + 1,
            heartbeat_at=now,
            started_at=func.coalesce(RunRow.started_at, now),
            claimed_at=now,
            worked_s=case((RunRow.attempts == 0, 0.0), else_=RunRow.worked_s),
        )
        .returning(RunRow)
    )
    row = session.scalar(query)
    return None if row is None else _record(row)


def _update_held(
    session: Session, run_id: RunId, attempt: int, values: Mapping[str, object], *also: ColumnElement[bool]
) -> bool:
    query = (
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.attempts == attempt, RunRow.state == RunState.RUNNING, *also)
        .values(**values)
    )
    return cast(CursorResult[object], session.execute(query)).rowcount == 1


def _worked(session: Session, run_id: RunId, until: datetime | None) -> float | None:
    """Seconds of work with the attempt that ends now, which lasted until then, or until it was last heard of."""
    row = session.execute(
        select(RunRow.worked_s, RunRow.claimed_at, RunRow.heartbeat_at).where(RunRow.id == run_id)
    ).one_or_none()
    if row is None or row.worked_s is None or row.claimed_at is None:
        return None
    seconds: float = ((until or row.heartbeat_at or row.claimed_at) - row.claimed_at).total_seconds()
    return None if seconds < 0 else row.worked_s + seconds  # the clock was set back meanwhile: nobody knows


def beat(session: Session, run_id: RunId, attempt: int, *, now: datetime) -> bool:
    """Say that the run's process lives. False: it holds the run no more and must stop."""
    return _update_held(session, run_id, attempt, {"heartbeat_at": now})


def write_progress(session: Session, run_id: RunId, attempt: int, progress: JsonObject) -> bool:
    """Replace the run's progress. False: the run is no longer held."""
    return _update_held(session, run_id, attempt, {"progress": progress})


def write_facts(
    session: Session, run_id: RunId, attempt: int, *, device: str, code_version: str, libraries: JsonObject
) -> bool:
    """Write down where and with what the run runs. False: the run is no longer held."""
    values = {"device": device, "code_version": code_version, "libraries": libraries}
    return _update_held(session, run_id, attempt, values)


def finish_run(
    session: Session,
    run_id: RunId,
    attempt: int,
    state: RunState,
    *,
    now: datetime,
    result: JsonObject | None = None,
    error: str = "",
    hint: str = "",
    trace: str = "",
    lasting: bool = False,
    died: bool = False,
) -> bool:
    """Record the run's one end; `lasting`: going on would end in the same way. `died`: nobody knows since when.

    False: it has ended already, or is held by someone else.
    """
    values = {
        "state": state, "finished_at": now, "result": result, "error": error, "hint": hint, "trace": trace,
        "lasting": lasting, "worked_s": _worked(session, run_id, None if died else now),
    }  # fmt: skip
    return _update_held(session, run_id, attempt, values)


def release_run(session: Session, run_id: RunId, attempt: int, *, retries: int) -> bool:
    """Put a run whose process ended back into the queue, for so many of its retries.

    False: it has not so many left, has ended, or is held by someone else.
    """
    values = {
        "state": RunState.QUEUED,
        "heartbeat_at": None,
        "worker": "",
        "retries_left": RunRow.retries_left - retries,
        "worked_s": _worked(session, run_id, None),
    }
    return _update_held(session, run_id, attempt, values, RunRow.retries_left >= retries)


def give_retries(session: Session, run_id: RunId, attempt: int) -> bool:
    """Give the run all its retries again: it has kept something new. False: the run is no longer held."""
    return _update_held(session, run_id, attempt, {"retries_left": RETRIES})


def list_silent(session: Session, *, since: datetime) -> list[RunRecord]:
    """Running runs that were last heard of before `since`."""
    query = select(RunRow).where(RunRow.state == RunState.RUNNING, RunRow.heartbeat_at < since)
    return [_record(row) for row in session.scalars(query)]


def list_ahead(session: Session, *, of: datetime) -> list[RunRecord]:
    """Running runs that were last heard of after `of`: the clock has been set back since."""
    query = select(RunRow).where(RunRow.state == RunState.RUNNING, RunRow.heartbeat_at > of)
    return [_record(row) for row in session.scalars(query)]


def request_cancel(session: Session, run_id: RunId, *, now: datetime) -> bool:
    """Ask a run to stop: a queued one ends at once. False: it had ended already."""
    queued = (
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.state == RunState.QUEUED)
        .values(state=RunState.CANCELLED, finished_at=now, cancel_requested=True)
    )
    if cast(CursorResult[object], session.execute(queued)).rowcount:
        return True
    running = update(RunRow).where(RunRow.id == run_id, RunRow.state == RunState.RUNNING).values(cancel_requested=True)
    return bool(cast(CursorResult[object], session.execute(running)).rowcount)


def is_cancel_requested(session: Session, run_id: RunId) -> bool:
    """Whether someone asked the run to stop."""
    return bool(session.scalar(select(RunRow.cancel_requested).where(RunRow.id == run_id)))


def requeue_run(session: Session, run_id: RunId) -> bool:
    """Queue a failed or cancelled run again, to go on from its checkpoint. False: it is not in such a state."""
    query = (
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.state.in_((RunState.FAILED, RunState.CANCELLED)))
        .values(
            state=RunState.QUEUED,
            cancel_requested=False,
            retries_left=RETRIES,
            error="",
            hint="",
            trace="",
            lasting=False,
            finished_at=None,
        )
    )
    return cast(CursorResult[object], session.execute(query)).rowcount == 1


def delete_ended(session: Session, lane: Lane, *, before: datetime) -> None:
    """Forget ended explanations of a lane, whose rows are only questions and answers; predictions are kept."""
    session.execute(
        delete(RunRow).where(
            RunRow.lane == lane,
            RunRow.kind.in_((RunKind.EXPLAIN, RunKind.NEIGHBOURS)),
            RunRow.finished_at < before,
            RunRow.state.not_in((RunState.QUEUED, RunState.RUNNING)),
        )
    )


def write_metrics(session: Session, run_id: RunId, step: int, values: Mapping[str, float]) -> None:
    """Add a point to each named curve; a point that is there already is replaced."""
    for name, value in values.items():
        session.merge(MetricRow(run_id=run_id, name=name, step=step, value=value))


def read_metrics(session: Session, run_id: RunId, names: Iterable[str] = ()) -> dict[str, list[tuple[int, float]]]:
    """The run's curves: name -> [(step, value)], by step."""
    query = select(MetricRow).where(MetricRow.run_id == run_id).order_by(MetricRow.step)
    wanted = list(names)
    if wanted:
        query = query.where(MetricRow.name.in_(wanted))
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in session.scalars(query):
        curves.setdefault(row.name, []).append((row.step, row.value))
    return curves
