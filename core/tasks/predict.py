"""The prediction job: new pictures in, what a model says of each out.

Pictures come and go in batches and are committed with their answers, so that ten thousand need no more memory
than a hundred, and a job whose process was killed goes on where it stopped. A file that is not a picture is
listed with its reason and stops nothing.
"""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.catalogue import ModelCard
from core.errors import BadInput, GraftError
from core.exchange import TableRow, read_label_table
from core.exchange.labels_csv import Matcher
from core.inference import (
    Answer,
    answers,
    compute_features,
    device_words,
    frame_picture,
    head_logits,
    open_pixels,
    picture_traits,
    to_batch,
)
from core.jobs.context import JobContext
from core.jobs.payloads import PredictPayload
from core.media import BlobStore, Entry, Source, open_source, prepare
from core.media.parallel import in_batches
from core.media.sources import AS_CSV
from core.models import LoadedModel
from core.store import predictions
from core.store.db import reading, writing
from core.store.predictions import GROUP, NOTE, PredictionRecord
from core.tasks.going_on import all_taken, is_forgotten, still_to_do
from core.tasks.warm import warm_model
from core.types import JsonObject

BATCH = 32


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file that was looked at: its stored address and its square (S, S, 3), or the reason why not."""

    name: str
    reason: str = ""
    blob: str = ""
    sha256: str = ""
    square: NDArray[np.uint8] | None = None
    note: str = ""


def run(context: JobContext) -> JsonObject:
    """Predict; the result counts pictures and rejected files."""
    payload = PredictPayload.from_json(context.run.payload)
    context.progress("Loading the model", now=True)
    model = warm_model(context, payload.model)
    context.facts(device=device_words(next(model.network.parameters()).device))
    if not is_forgotten(context, payload.source):
        with open_source(payload.source, context.settings) as source:
            _take_in(context, payload, model, source)
    all_taken(context, payload.source)
    with reading(context.engine) as session:
        records = predictions.read_numbered(session, context.run.id).values()
    rejected = sum(bool(record.error) for record in records)
    return {"pictures": len(records) - rejected, "rejected": rejected}


def _take_in(context: JobContext, payload: PredictPayload, model: LoadedModel, source: Source) -> None:
    with reading(context.engine) as session:
        done = predictions.predicted_names(session, context.run.id)
    refused = [PredictionRecord(name=name, error=reason) for name, reason in source.refused]
    refused = still_to_do(refused, lambda record: record.name, done)
    with writing(context.engine) as session:
        predictions.add_predictions(session, context.run.id, refused)
    groups = _groups(context, payload, source)
    _predict(context, model, still_to_do(source.pictures, lambda entry: entry.name, done), groups)


def _groups(context: JobContext, payload: PredictPayload, source: Source) -> Matcher[TableRow]:
    """Each file's group, as far as a table tells it. Raises BadInput for a table that was named and cannot be read."""
    if payload.groups:
        with open_source(payload.groups, context.settings) as other:
            if not other.tables:
                raise BadInput(f"{payload.groups} is not a CSV file.", hint=AS_CSV)
            return _table(other.tables[0], payload.group_column)
    if len(source.tables) != 1:
        return Matcher([])
    try:
        return _table(source.tables[0], payload.group_column)
    except BadInput as error:
        context.log.info("No groups are known: %s", error)
        return Matcher([])


def _table(entry: Entry, group_column: str) -> Matcher[TableRow]:
    return read_label_table(entry.read(), PurePosixPath(entry.name).name, group_column=group_column).matcher()


def _predict(context: JobContext, model: LoadedModel, entries: Sequence[Entry], groups: Matcher[TableRow]) -> None:
    total, started, count = len(entries), time.monotonic(), 0
    store = BlobStore(context.settings)
    for batch in in_batches(entries, lambda entry: _look_at(entry, store, model.card), BATCH):
        context.check_cancelled()
        records = [_of_group(record, groups) for record in _answered(model, batch)]
        with writing(context.engine) as session:
            predictions.add_predictions(session, context.run.id, records)
        context.got_further()
        count += len(batch)
        seconds = time.monotonic() - started
        context.progress(
            f"{count:,} of {total:,} pictures",
            fraction=count / total,
            eta_s=seconds / count * (total - count),
            now=count == total,
        )


def _of_group(record: PredictionRecord, groups: Matcher[TableRow]) -> PredictionRecord:
    row = groups.find(record.name)
    if row is None or not row.group:
        return record
    return dataclasses.replace(record, traits={**(record.traits or {}), GROUP: row.group})


def _look_at(entry: Entry, store: BlobStore, card: ModelCard) -> _Looked:
    try:
        prepared = prepare(entry.read(), entry.name)
        blob = store.put(prepared.content)
        store.put_thumb(blob, prepared.thumb)
        # From the stored copy, as in training and in an explanation: the same picture gets the same answer.
        pixels = open_pixels(prepared.content, entry.name, min_side=card.image_size)
    except GraftError as error:
        return _Looked(entry.name, reason=str(error))
    square = frame_picture(pixels, card.image_size, card.framing)
    return _Looked(entry.name, "", blob, prepared.sha256, square, prepared.note)


def _answered(model: LoadedModel, batch: Sequence[_Looked]) -> list[PredictionRecord]:
    squares = [item.square for item in batch if item.square is not None]
    said: Iterator[tuple[Answer, JsonObject]] = iter(())
    if squares:
        pictures = to_batch(squares)
        features = compute_features(model.network, [pictures])
        told = answers(model.card, head_logits(model.network, features))
        said = zip(told, picture_traits(pictures, features, model.likeness), strict=True)
    return [_record(item, said) for item in batch]


def _record(item: _Looked, said: Iterator[tuple[Answer, JsonObject]]) -> PredictionRecord:
    if item.square is None:
        return PredictionRecord(name=item.name, error=item.reason)
    answer, traits = next(said)
    return PredictionRecord(
        name=item.name,
        blob=item.blob,
        sha256=item.sha256,
        predicted_index=answer.index,
        predicted_set=None if answer.classes is None else list(answer.classes),
        predicted_number=answer.number,
        confidence=answer.confidence,
        probabilities=None if answer.probabilities is None else list(answer.probabilities),
        traits={**traits, NOTE: item.note} if item.note else traits,
    )
