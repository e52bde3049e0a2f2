"""Reports of imports, and files on their way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.store.tables import ImportItemRow, UploadRow
from core.types import ImageId, Outcome, ProjectId, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """One line of a report: a file, what became of it and why."""

    name: str
    outcome: Outcome
    reason: str = ""
    image_id: ImageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """A file on its way in. What arrived of it is the size of its spool file."""

    id: str
    batch: str
    project_id: ProjectId
    name: str
    size_bytes: int
    complete: bool


def add_items(session: Session, run_id: RunId, items: Sequence[ImportItem]) -> None:
    """Append lines to a report."""
    if items:
        session.execute(
            insert(ImportItemRow),
            [
                {
                    "run_id": run_id,
                    "name": item.name,
                    "outcome": item.outcome,
                    "reason": item.reason,
                    "image_id": item.image_id,
                }
                for item in items
            ],
        )


def reported_names(session: Session, run_id: RunId) -> set[str]:
    """Files an interrupted import has dealt with already."""
    return set(session.scalars(select(ImportItemRow.name).where(ImportItemRow.run_id == run_id)))


def added_by(session: Session, run_id: RunId, image_ids: Sequence[ImageId]) -> set[ImageId]:
    """Which of these images that import itself has added."""
    query = select(ImportItemRow.image_id).where(
        ImportItemRow.run_id == run_id,
        ImportItemRow.outcome == Outcome.ADDED,
        ImportItemRow.image_id.in_(list(image_ids)),
    )
    return {image_id for image_id in session.scalars(query) if image_id is not None}


def count_items(session: Session, run_id: RunId) -> dict[Outcome, int]:
    """How many files had each outcome."""
    query = select(ImportItemRow.outcome, func.count()).where(ImportItemRow.run_id == run_id)
    found = {row[0]: row[1] for row in session.execute(query.group_by(ImportItemRow.outcome))}
    return {outcome: found.get(outcome, 0) for outcome in Outcome}


def read_items(
    session: Session, run_id: RunId, *, outcomes: Sequence[Outcome] = (), limit: int | None = None
) -> list[ImportItem]:
    """Lines of a report in their order."""
    query = select(ImportItemRow).where(ImportItemRow.run_id == run_id).order_by(ImportItemRow.id).limit(limit)
    if outcomes:
        query = query.where(ImportItemRow.outcome.in_(outcomes))
    names = ImportItem.__dataclass_fields__
    return [ImportItem(**{name: getattr(row, name) for name in names}) for row in session.scalars(query)]


def create_upload(session: Session, record: UploadRecord, *, now: datetime) -> None:
    """Announce a file; announcing it twice is announcing it once."""
    if session.get(UploadRow, record.id) is None:
        values = {name: getattr(record, name) for name in UploadRecord.__dataclass_fields__}
        session.add(UploadRow(created_at=now, **values))


def _record(row: UploadRow) -> UploadRecord:
    return UploadRecord(**{name: getattr(row, name) for name in UploadRecord.__dataclass_fields__})


def read_upload(session: Session, upload_id: str) -> UploadRecord:
    """The announced file. Raises NotFound."""
    row = session.get(UploadRow, upload_id)
    if row is None:
        raise NotFound("This upload is not known (any more).", hint="Drop the file again.")
    return _record(row)


def list_batch(session: Session, batch: str) -> list[UploadRecord]:
    """The files of a batch by name."""
    query = select(UploadRow).where(UploadRow.batch == batch).order_by(UploadRow.name, UploadRow.id)
    return [_record(row) for row in session.scalars(query)]


def complete_upload(session: Session, upload_id: str) -> None:
    """Mark a file as wholly here."""
    row = session.get(UploadRow, upload_id)
    if row is not None:
        row.complete = True


def delete_batch(session: Session, batch: str) -> None:
    """Forget a batch."""
    session.execute(delete(UploadRow).where(UploadRow.batch == batch))
