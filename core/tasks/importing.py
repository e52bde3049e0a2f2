"""The import job: files in, images with thumbnails, labels and a report out.

Every batch of files is committed with its lines of the report, so that an import whose process was killed
goes on where it stopped and nothing is taken twice.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from core.errors import BadInput, DiskFull, GraftError, is_full
from core.jobs.context import JobContext
from core.jobs.payloads import ImportPayload
from core.labels import LabelValue
from core.media import BlobStore, Entry, Prepared, Source, open_source, prepare
from core.media.parallel import in_batches
from core.media.sources import UPLOAD
from core.store import circles, imports, label_queue, labels, projects
from core.store.db import reading, writing
from core.store.images import NewImage, create_images, known_images, list_names, read_image, restore_images
from core.store.imports import ImportItem
from core.store.labels import LabelEvent, LastWord
from core.store.projects import ProjectView
from core.tasks.correcting import Correction, correct, repeated, unmistakable
from core.tasks.going_on import all_taken, is_forgotten, still_to_do
from core.tasks.import_labels import ImportLabels, plan_labels
from core.types import ImageId, ImageState, JsonObject, LabelKind, LabelSource, Outcome, ProjectId
from core.words import count, listed

BATCH = 64


@dataclass(frozen=True, slots=True)
class _Ready:
    """A file that was looked at: prepared with its stored address, or refused with a reason.

    What was stored is not held any longer: 64 re-encoded photos would be gigabytes.
    """

    name: str
    prepared: Prepared | None = None
    blob: str = ""
    size_bytes: int = 0
    reason: str = ""


def run(context: JobContext) -> JsonObject:
    """Import what the payload names; the result counts added, duplicate, corrected and rejected files.

    A duplicate of which something new was told and taken over counts as corrected, too. A table without pictures
    corrects those that are there.
    """
    payload = ImportPayload.from_json(context.run.payload)
    project_id = context.run.project_id
    if project_id is None:
        raise BadInput("An import needs a project.")
    if not is_forgotten(context, payload.source):
        context.progress("Listing the files", now=True)
        with open_source(payload.source, context.settings) as source:
            _import(context, ProjectId(project_id), payload, source)
    all_taken(context, payload.source)
    with reading(context.engine) as session:
        counts = imports.count_items(session, context.run.id)
        relabelled, kept = imports.count_relabelled(session, context.run.id)
    return {
        "added": counts[Outcome.ADDED],
        "duplicates": counts[Outcome.DUPLICATE] + counts[Outcome.CORRECTED],
        "corrected": counts[Outcome.CORRECTED],
        "relabelled": relabelled,
        "kept": kept,
        "rejected": counts[Outcome.REJECTED],
    }


def _nothing(where: str, source: Source) -> list[tuple[str, str]]:
    """The report's line of a source in which there is nothing at all."""
    if source.pictures or source.tables or source.annotations or source.refused:
        return []
    name = "what was sent" if where.startswith(UPLOAD) else where.replace("\n", ", ")
    return [(name, "There is no picture in it. Give a folder, a zip, or pictures.")]


def _import(context: JobContext, project_id: ProjectId, payload: ImportPayload, source: Source) -> None:
    with reading(context.engine) as session:
        project = projects.read_project(session, project_id)
        done = imports.reported_names(session, context.run.id)
        reported = set(done)
        there = {} if source.pictures else list_names(session, project.id)
    plan = plan_labels(context, project, payload, source, there=list(there.values()))
    meant, mistakable = unmistakable(plan, there)
    refused = [*source.refused, *plan.problems, *mistakable, *_nothing(payload.source, source)]
    with writing(context.engine) as session:
        lines = [ImportItem(name=name, outcome=Outcome.REJECTED, reason=reason) for name, reason in refused]
        imports.add_items(session, context.run.id, still_to_do(lines, lambda line: line.name, done))
    left = still_to_do(source.pictures, lambda entry: entry.name, done)
    _correct(context, plan, payload, [(image, name) for image, name in meant.items() if name not in reported])
    total, started = len(left), time.monotonic()
    store = BlobStore(context.settings)
    for number, batch in enumerate(in_batches(left, lambda entry: _look_at(entry, store), BATCH)):
        context.check_cancelled()
        store.settle()  # before a row says that they are there
        _commit(context, project, plan, payload, batch)
        context.got_further()
        done_of = min(total, (number + 1) * BATCH)
        seconds = time.monotonic() - started
        context.progress(
            f"{done_of:,} of {total:,} files",
            fraction=done_of / total,
            eta_s=seconds / done_of * (total - done_of),
            now=done_of == total,
        )
    _tell_of_empty_classes(context, plan)


def _tell_of_empty_classes(context: JobContext, plan: ImportLabels) -> None:
    """A line on classes that were made for files of which none could be read, or whose labels stay as they were."""
    if not plan.made:
        return
    with writing(context.engine) as session:
        pictures = label_queue.read_progress(session, plan.project.id).by_class
        empty = [item.name for item in plan.made if not pictures.get(item.id)]
        if empty:
            reason = (
                f"{count(len(empty), 'new class has no picture', 'new classes have no picture')}: {listed(empty)}. The "
                "files meant could not be read, or keep another label."
            )
            line = ImportItem(name=plan.table or empty[0], outcome=Outcome.REJECTED, reason=reason)
            imports.add_items(session, context.run.id, [line])


def _correct(
    context: JobContext, plan: ImportLabels, payload: ImportPayload, meant: Sequence[tuple[ImageId, str]]
) -> None:
    """Correct pictures that are there by a table that came without them."""
    for start in range(0, len(meant), BATCH):
        context.check_cancelled()
        batch, now = meant[start : start + BATCH], datetime.now(UTC)
        with writing(context.engine) as session:
            last = labels.last_words(session, [image_id for image_id, _ in batch])
            found = {
                image_id: correct(session, plan, image_id, name, last.get(image_id), overrule=payload.overrule)
                for image_id, name in batch
            }
            items = [_line(session, name, image_id, found[image_id]) for image_id, name in batch]
            _finish(session, context, payload, plan, {image: one.value for image, one in found.items()}, items, now)
        context.progress(
            f"{start + len(batch):,} of {len(meant):,} pictures", fraction=(start + len(batch)) / len(meant)
        )


def _look_at(entry: Entry, store: BlobStore) -> _Ready:
    try:
        prepared = prepare(entry.read(), entry.name)
    except GraftError as error:
        return _Ready(entry.name, reason=str(error))
    try:
        blob = store.put(prepared.content, settled=False)
        store.put_thumb(blob, prepared.thumb)
    except OSError as error:
        if is_full(error):
            # The disk's fault, not the file's: the import stops, for the next file would fare no better.
            raise DiskFull(
                "The disk is full: the import stopped.", hint="Make room, then resume it; it goes on where it stopped."
            ) from error
        raise
    size = len(prepared.content)
    return _Ready(entry.name, replace(prepared, content=b"", thumb=b""), blob, size)


def _commit(
    context: JobContext, project: ProjectView, plan: ImportLabels, payload: ImportPayload, batch: Sequence[_Ready]
) -> None:
    now = datetime.now(UTC)
    items: list[ImportItem] = []
    values: dict[ImageId, LabelValue | None] = {}
    with writing(context.engine) as session:
        known = known_images(session, project.id, [ready.prepared.sha256 for ready in batch if ready.prepared])
        fresh: dict[str, NewImage] = {}
        for ready in batch:
            if ready.prepared and ready.prepared.sha256 not in known:
                fresh.setdefault(ready.prepared.sha256, _new_image(ready.prepared, ready, plan))
        made = dict(zip(fresh, create_images(session, project.id, list(fresh.values()), now=now), strict=True))
        # Of two files with one picture in an import the first counts; only one from before is corrected.
        met = {*made.values(), *imports.met_by(session, context.run.id, list(known.values()))}
        last = labels.last_words(session, list(known.values()))
        for ready in batch:
            if ready.prepared is None:
                items.append(ImportItem(name=ready.name, outcome=Outcome.REJECTED, reason=ready.reason))
                continue
            # The first file of a content makes the image; a second one in the same batch finds it there.
            image_id = made.pop(ready.prepared.sha256, None)
            if image_id is not None:
                known[ready.prepared.sha256] = image_id
                items.append(
                    ImportItem(name=ready.name, outcome=Outcome.ADDED, reason=ready.prepared.note, image_id=image_id)
                )
                values[image_id] = plan.value(ready.name)
                continue
            image_id = known[ready.prepared.sha256]
            said = _imported(payload, values.get(image_id)) or last.get(image_id)
            found = (
                repeated(plan, ready.name, said)
                if image_id in met
                else correct(session, plan, image_id, ready.name, said, overrule=payload.overrule)
            )
            met.add(image_id)
            items.append(_line(session, ready.name, image_id, found))
            restore_images(session, [image_id])
            if found.value is not None:
                values[image_id] = found.value
        _circle(session, payload, plan, items, now)
        _finish(session, context, payload, plan, values, items, now)


def _finish(
    session: Session,
    context: JobContext,
    payload: ImportPayload,
    plan: ImportLabels,
    values: Mapping[ImageId, LabelValue | None],
    items: Sequence[ImportItem],
    now: datetime,
) -> None:
    """Give a batch's labels, and write its lines of the report."""
    events = [_event(context, payload, image_id, value) for image_id, value in values.items() if value is not None]
    if events:
        labels.record_events(session, projects.read_project(session, plan.project.id), events, now=now)
    imports.add_items(session, context.run.id, items)


def _imported(payload: ImportPayload, value: LabelValue | None) -> LastWord | None:
    """The label that an earlier file of this batch gives."""
    if value is None:
        return None
    return LastWord(state=ImageState.LABELLED, value=value, annotator=payload.annotator, source=LabelSource.IMPORT)


def _circle(
    session: Session, payload: ImportPayload, plan: ImportLabels, items: Sequence[ImportItem], now: datetime
) -> None:
    """Circles that came with the pictures, where none are drawn yet."""
    drawn = {item.image_id: found for item in items if item.image_id and (found := plan.circles(item.name))}
    for image_id in set(drawn) - set(circles.read_circles(session, plan.project.id, list(drawn))):
        person = labels.annotator_id(session, payload.annotator)
        circles.replace_circles(session, image_id, drawn[image_id], annotator=person, now=now)


def _event(context: JobContext, payload: ImportPayload, image_id: ImageId, value: LabelValue) -> LabelEvent:
    return LabelEvent(
        event_id=f"import-{context.run.id}-{image_id}",
        image_id=image_id,
        kind=LabelKind.SET,
        value=value,
        annotator=payload.annotator,
        source=LabelSource.IMPORT,
    )


def _line(session: Session, name: str, image_id: ImageId, found: Correction) -> ImportItem:
    """The report's line of a picture that was there already."""
    first = read_image(session, image_id).original_name
    there = "" if name == first and found.words else f"The same picture is already there as {first}. "
    return ImportItem(
        name=name,
        outcome=found.outcome,
        reason=f"{there}{found.words}".strip(),
        image_id=image_id,
        relabelled=found.relabelled,
    )


def _new_image(prepared: Prepared, ready: _Ready, plan: ImportLabels) -> NewImage:
    row = plan.row(ready.name)
    extra: JsonObject = dict(row.extra) if row else {}
    if prepared.camera:
        extra.setdefault("camera", prepared.camera)
    return NewImage(
        sha256=prepared.sha256,
        blob=ready.blob,
        phash=prepared.phash,
        format=prepared.format,
        width=prepared.width,
        height=prepared.height,
        size_bytes=ready.size_bytes,
        original_name=ready.name,
        case_name=row.case if row else None,
        group_name=row.group if row else None,
        captured_at=row.captured_at if row and row.captured_at else prepared.captured_at,
        split=row.split if row else None,
        extra=extra,
    )
