"""Reports of imports, and files on their way in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.store.tables import ImportItemRow, UploadRow
from core.types import ImageId, Outcome, ProjectId, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """One line of a report: a file, what became of it and why.

    `relabelled` of a picture of which another label was told than it had: whether it has that one now.
    """

    name: str
    outcome: Outcome
    reason: str = ""
    image_id: ImageId | None = None
    relabelled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """A file on its way in. What arrived of it is the size of its spool file."""

    id: str
    batch: str
    project_id: ProjectId
    name: str
    size_bytes: int
    complete: bool


_REMARKED = and_(ImportItemRow.outcome == Outcome.ADDED, ImportItemRow.reason != "")


def add_items(session: Session, run_id: RunId, items: Sequence[ImportItem]) -> None:
    """Append lines to a report."""
    if items:
        session.execute(
            insert(ImportItemRow),
            [
                {"run_id": run_id} | {name: getattr(item, name) for name in ImportItem.__dataclass_fields__}
                for item in items
            ],
        )


def reported_names(session: Session, run_id: RunId) -> Counter[str]:
    """Files an interrupted import has dealt with already: of each name how many."""
    return Counter(session.scalars(select(ImportItemRow.name).where(ImportItemRow.run_id == run_id)))


def met_by(session: Session, run_id: RunId, image_ids: Sequence[ImageId]) -> set[ImageId]:
    """Which of these images an earlier file of that import was, new or not."""
    query = select(ImportItemRow.image_id).where(
        ImportItemRow.run_id == run_id, ImportItemRow.image_id.in_(list(image_ids))
    )
    return {image_id for image_id in session.scalars(query) if image_id is not None}


def count_items(session: Session, run_id: RunId) -> dict[Outcome, int]:
    """How many files had each outcome."""
    query = select(ImportItemRow.outcome, func.count()).where(ImportItemRow.run_id == run_id)
    found = {row[0]: row[1] for row in session.execute(query.group_by(ImportItemRow.outcome))}
    return {outcome: found.get(outcome, 0) for outcome in Outcome}


def count_relabelled(session: Session, run_id: RunId) -> tuple[int, int]:
    """How many labels gave way to one that was told, and how many stay against it."""
    query = select(ImportItemRow.relabelled, func.count()).where(ImportItemRow.run_id == run_id)
    found = {row[0]: row[1] for row in session.execute(query.group_by(ImportItemRow.relabelled))}
    return found.get(True, 0), found.get(False, 0)


def read_items(session: Session, run_id: RunId) -> list[ImportItem]:
    """The report's lines in their order."""
    return _items(session, select(ImportItemRow).where(ImportItemRow.run_id == run_id).order_by(ImportItemRow.id))


def read_rejected(session: Session, run_id: RunId) -> list[ImportItem]:
    """Lines on what did not go in, or not fully."""
    query = select(ImportItemRow).where(ImportItemRow.run_id == run_id, ImportItemRow.outcome == Outcome.REJECTED)
    return _items(session, query.order_by(ImportItemRow.id))


def read_remarked(session: Session, run_id: RunId) -> list[ImportItem]:
    """Lines on what went in, with a remark."""
    return _items(
        session, select(ImportItemRow).where(ImportItemRow.run_id == run_id, _REMARKED).order_by(ImportItemRow.id)
    )


def read_relabelled(session: Session, run_id: RunId, *, taken: bool) -> list[ImportItem]:
    """Lines on labels that gave way to one that was told, or on those that stay against it."""
    query = select(ImportItemRow).where(ImportItemRow.run_id == run_id, ImportItemRow.relabelled.is_(taken))
    return _items(session, query.order_by(ImportItemRow.id))


def read_worth_a_look(session: Session, run_id: RunId, *, limit: int) -> list[ImportItem]:
    """The first lines on what is not as it was told, then on what was corrected, or added with a remark."""
    stays = or_(ImportItemRow.outcome == Outcome.REJECTED, ImportItemRow.relabelled.is_(False))
    query = select(ImportItemRow).where(
        ImportItemRow.run_id == run_id, or_(stays, ImportItemRow.outcome == Outcome.CORRECTED, _REMARKED)
    )
    return _items(session, query.order_by(stays.desc(), ImportItemRow.id).limit(limit))


def _items(session: Session, query: Select[ImportItemRow]) -> list[ImportItem]:
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
