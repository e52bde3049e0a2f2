"""What a model says of new pictures: asking, reading, taking away as a table, and learning from the doubtful ones."""

import io
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from PIL import Image
from sqlalchemy.orm import Session

from core.catalogue import ModelCard, in_words
from core.errors import BadInput, GraftError, NotFound, PictureLost
from core.exchange import csv_text
from core.jobs.payloads import PredictPayload
from core.media import BlobStore
from core.media.prepare import difference_hash
from core.media.sources import UPLOAD, check_source
from core.services.base import Service
from core.services.uploads import Uploads
from core.store import images, predictions, runs, versions
from core.store.db import reading, writing
from core.store.images import NewImage
from core.store.judges import REASONS, Judge, Judged, make_judge
from core.store.predictions import NOTE, PredictionRecord, group_of
from core.store.promises import COVERAGE, By, Promise, fit_promise
from core.store.runs import RunRecord
from core.store.sides import fitted_side
from core.types import Lane, ProjectId, RunId, RunKind, Task

__all__ = ["NO_ANSWER", "REASONS", "By", "PredictedPicture", "Predictions", "PredictionsView", "limit_words"]

NO_ANSWER = "no answer"
AT_ONCE = 4
"""So few uploaded pictures are answered by the interactive worker, whose model is warm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedPicture:
    """A new picture and what the model said. `error` says why a file could not be read.

    said      the likeliest answer in words, of grades the middle one
    said_set  positions of all classes that it names, where a picture can have several; else None
    answer    what may be relied on: "rust", "one of: rust, blight", or "no answer"
    possible  the answers that may be true
    reasons   keys of REASONS why it does not answer with one; `why` says them in words, or is ""
    group     what it is said to be of, or ""; `own` whether answers to that group have a limit of their own
    note      a remark on the file, such as on its further pages, or ""
    """

    id: int
    name: str
    blob: str
    said: str
    confidence: float | None
    probabilities: tuple[float, ...]
    number: float | None
    error: str
    said_set: tuple[int, ...] | None = None
    answer: str = ""
    possible: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    why: str = ""
    group: str = ""
    own: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionsView:
    """A prediction run; `items` in the order of the files, `rejected` those that could not be read.

    `promise` is how often answers hold; None for a model whose validation pictures are not known. `groups` are those
    of its validation pictures.
    """

    run: RunRecord
    model: RunId
    task: Task
    classes: tuple[str, ...]
    items: tuple[PredictedPicture, ...]
    rejected: tuple[PredictedPicture, ...]
    promise: Promise | None = None
    groups: tuple[str, ...] = ()

    @property
    def strangers(self) -> list[PredictedPicture]:
        """Pictures of no group that has a limit of its own: a promise to each group gives them the most cautious."""
        return [item for item in self.items if not item.own]

    @property
    def unanswered(self) -> list[PredictedPicture]:
        """Pictures that the model should not be relied on for."""
        return [item for item in self.items if item.why]

    @property
    def reasons(self) -> dict[str, int]:
        """Why pictures get no answer: keys of REASONS, in their order, each with how many pictures."""
        found = Counter(key for item in self.items for key in item.reasons)
        return {key: found[key] for key in REASONS if found[key]}

    def doubtful(self, reasons: Collection[str], below: float) -> list[PredictedPicture]:
        """Pictures without an answer for one of these reasons, or less certain than `below`; least certain first."""
        found = [
            item
            for item in self.items
            if not set(reasons).isdisjoint(item.reasons) or (item.confidence is not None and item.confidence < below)
        ]
        return sorted(found, key=lambda item: item.confidence or 0)


class Predictions(Service):
    """Predictions of new pictures."""

    def start(self, model: RunId, source: str, *, groups: str = "", group_column: str = "") -> RunId:
        """Queue a prediction of a folder, zip or picture on this machine, or of "upload:BATCH".

        A table tells each file's group: `groups` on this machine, or else the only one of the source. Raises NotFound
        if the run has no model, BadInput if the source or the table is not there, or was sent to another project.
        """
        with reading(self.engine) as session:
            run = runs.read_run(session, model)
            predictions.model_card(session, model)
        lane = Lane.FILES
        if source.startswith(UPLOAD):
            uploads = Uploads(self.engine, self.settings, self.queue)
            files = uploads.seal(run.project_id, source.removeprefix(UPLOAD))
            lane = Lane.INTERACTIVE if files <= AT_ONCE else Lane.FILES
        else:
            check_source(source)
        if groups:
            check_source(groups)
        payload = PredictPayload(model=model, source=source, groups=groups, group_column=group_column)
        return self.queue.enqueue(payload, project_id=run.project_id, name="Prediction", lane=lane)

    def read(self, run_id: RunId, coverage: float = COVERAGE, by: By = "all", group: str = "") -> PredictionsView:
        """What the model said so far, judged so that answers hold in the share `coverage`. Raises NotFound.

        `group` is that of all pictures of which no table told one.
        """
        with reading(self.engine) as session:
            run = _prediction(session, run_id)
            model = PredictPayload.from_json(run.payload).model
            card = predictions.model_card(session, model)
            records = predictions.read_numbered(session, run_id)
            judge, groups = _judge(session, model, coverage, by)
        known = [number for number, record in records.items() if not record.error]
        of = {number: group_of(records[number]) or group for number in known}
        judged: dict[int, Judged] = {}
        if judge:
            told = judge.judge([records[number] for number in known], [*of.values()])
            judged = dict(zip(known, told, strict=True))
        own = judge.promise.own_groups if judge else ()
        pictures = [
            _picture(number, record, card, judged.get(number), of.get(number, ""), own)
            for number, record in records.items()
        ]
        return PredictionsView(
            run=run,
            model=model,
            task=card.task,
            classes=card.classes,
            items=tuple(item for item in pictures if not item.error),
            rejected=tuple(item for item in pictures if item.error),
            promise=judge.promise if judge else None,
            groups=groups,
        )

    def run(self, run_id: RunId) -> RunRecord:
        """The job alone, for its progress. Raises NotFound."""
        with reading(self.engine) as session:
            return _prediction(session, run_id)

    def csv(self, run_id: RunId, coverage: float = COVERAGE, by: By = "all", group: str = "") -> str:
        """One line per file: what was said, how certain, what may be relied on, and each class's probability.

        Of a promise to each group, also the group, and by whose limit the answer holds.
        """
        view = self.read(run_id, coverage, by, group)
        shares = [f"p({name})" for name in view.classes]
        grouped = ["group", "limit of"] if by == "group" else []
        header = ["file", "prediction", "confidence", "answer", "why no answer", *grouped, *shares, "problem"]
        empty = [None] * len(view.classes)
        lines = sorted((*view.items, *view.rejected), key=lambda item: item.id)
        return csv_text(
            header,
            (
                [item.name, item.said if item.number is None else item.number, _rounded(item.confidence)]
                + [item.answer, item.why]
                + ([item.group, limit_words(item)] if grouped else [])
                + ([_rounded(share) for share in item.probabilities] or empty)
                + [item.error or item.note]
                for item in lines
            ),
        )

    def send_to_labelling(self, run_id: RunId, ids: Sequence[int]) -> int:
        """Add these predicted pictures to the run's project, unlabelled; returns how many were not there yet.

        A picture that the project has already stays as it is; one that was deleted comes back. Raises GraftError for
        one whose stored file is gone or damaged: then none is added.
        """
        with writing(self.engine) as session:
            run = _prediction(session, run_id)
            if run.project_id is None:
                raise BadInput("This prediction belongs to no project.")
            records = predictions.read_numbered(session, run_id)
            wanted = [records[number] for number in ids if number in records and records[number].blob]
            return sum(self._add(session, run.project_id, record) for record in wanted)

    def _add(self, session: Session, project_id: ProjectId, record: PredictionRecord) -> bool:
        known = images.known_images(session, project_id, [record.sha256])
        if known:
            images.restore_images(session, list(known.values()))
            return False
        store = BlobStore(self.settings)
        try:
            content = store.read(record.blob)
        except PictureLost as error:
            raise GraftError(error.named(record.name), hint=error.hint) from error
        with Image.open(io.BytesIO(content)) as picture, Image.open(store.thumb(record.blob)) as thumb:
            new = NewImage(
                sha256=record.sha256,
                blob=record.blob,
                phash=difference_hash(thumb),
                format=(picture.format or "").lower(),
                width=picture.width,
                height=picture.height,
                size_bytes=len(content),
                original_name=record.name,
                extra={},
            )
        images.create_image(session, project_id, new, now=datetime.now(UTC))
        return True

    # Last, because it hides the built-in `list` from what follows in this class.
    def list(self, project_id: ProjectId, limit: int = 20) -> list[RunRecord]:
        """The project's predictions, newest first."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.PREDICT], limit=limit)


def _prediction(session: Session, run_id: RunId) -> RunRecord:
    run = runs.read_run(session, run_id)
    if run.kind is not RunKind.PREDICT:
        raise NotFound(f"Run {run_id} is not a prediction.")
    return run


def limit_words(item: PredictedPicture) -> str:
    """By whose limit the answer to a picture holds, of a promise to each group."""
    if item.error:
        return ""
    return f"group {item.group}" if item.own else "most cautious: its group is not known"


def _judge(session: Session, model: RunId, coverage: float, by: By) -> tuple[Judge | None, tuple[str, ...]]:
    """The judge of new pictures, and the groups of the validation pictures."""
    run = runs.read_run(session, model)
    if run.version_id is None:
        return None, ()
    fitted = fitted_side(session, run, versions.read_version_of(session, run))
    groups = tuple(sorted({name for name in fitted.groups if name}))
    return make_judge(fitted, fit_promise(fitted, coverage, by).for_new()), groups


def _picture(
    number: int, record: PredictionRecord, card: ModelCard, judged: Judged | None, group: str, own: Sequence[str]
) -> PredictedPicture:
    return PredictedPicture(
        id=number,
        name=record.name,
        blob=record.blob,
        said=in_words(card, record.predicted_index, record.predicted_set, record.predicted_number),
        confidence=record.confidence,
        probabilities=tuple(record.probabilities or ()),
        number=record.predicted_number,
        error=record.error,
        said_set=None if record.predicted_set is None else tuple(record.predicted_set),
        answer="" if judged is None else NO_ANSWER if judged.flawed else judged.words,
        possible=judged.options if judged else (),
        reasons=tuple(key for key, _ in judged.reasons) if judged else (),
        why=judged.why if judged else "",
        group=group,
        own=group in own,
        note=str((record.traits or {}).get(NOTE) or ""),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
