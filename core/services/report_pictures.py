"""The pictures of a report, in small JPEGs: the worst mistakes, what it looked at, and what mistakes resemble."""

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from PIL import Image

from core.catalogue import EXPLANATIONS
from core.errors import GraftError, PictureLost
from core.exchange.report import Heatmap, Picture, Resembling
from core.media import THUMB_PX, BlobStore, shrink
from core.services.base import Service
from core.services.behind import BehindView, badness, behind
from core.services.explanations import Explanations
from core.services.grades import Grades, GradesView
from core.services.neighbours import Neighbours, NeighboursView
from core.services.serving import Serving
from core.store import predictions, versions
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.scoring import usable
from core.types import RunId, Split, Task, VersionId
from core.words import count

FAILURES, LOOKED_AT_FAILURES, LOOKED_AT_RIGHT = 12, 4, 8
RESEMBLING, NEAR = 4, 3
"""Mistakes that are held against training pictures, and how many of these are shown."""
Answer = TypeVar("Answer")
OPACITY, BLANK = 0.65, (THUMB_PX, 3 * THUMB_PX // 4)
QUALITY = 82


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What there is to show, and in words how heatmaps and resembling pictures came about or why there are none."""

    failures: tuple[Picture, ...]
    heatmaps: tuple[Heatmap, ...]
    heat_words: str
    resembling: tuple[Resembling, ...] = ()
    resembling_words: str = ""


def draw(service: Service, run: RunRecord, version_id: VersionId, patience_s: float) -> Drawn:
    """The pictures of a finished training's report; heatmaps may take `patience_s`, then resembling ones."""
    with reading(service.engine) as session:
        version = versions.read_version(session, version_id)
        said = usable(version.task, predictions.read_predictions(session, run.id, Split.TEST))
        worst = sorted((item for item in said if badness(item) > 0), key=lambda item: -badness(item))[:FAILURES]
        right = _one_right_of_each(said)[:LOOKED_AT_RIGHT]
        shown = behind(session, version, [*worst, *right])
    wrong = {item.image_id for item in worst}
    failures = [item for item in shown if item.image_id in wrong]
    rest = [item for item in shown if item.image_id not in wrong]
    store = BlobStore(service.settings)
    looked_at = [*failures[:LOOKED_AT_FAILURES], *rest]
    with _answering(service, run.id):
        # All is asked before anything is waited for: among many training pictures another process looks meanwhile.
        maps = _asked(lambda: _ask_heatmaps(service, run.id, looked_at))
        questions = _asked(lambda: _ask_resembling(service, run.id, failures[:RESEMBLING]))
        heatmaps, words = _heatmaps(service, run.id, looked_at, maps, version.task, patience_s)
        alike, alike_words = _resembling(service, failures[:RESEMBLING], questions, version.task, patience_s)
    return Drawn(
        failures=tuple(_picture(store, item.blob, _caption(item, version.task)) for item in failures),
        heatmaps=tuple(heatmaps),
        heat_words=words,
        resembling=tuple(alike),
        resembling_words=alike_words,
    )


def _one_right_of_each(said: Sequence[PredictionRecord]) -> list[PredictionRecord]:
    """For each answer the surest picture that it was right about; for numbers, the nearest."""
    best: dict[object, PredictionRecord] = {}
    for item in sorted(said, key=lambda item: -(item.confidence or 0)):
        if badness(item) == 0:
            best.setdefault(item.truth_index if item.truth_set is None else tuple(item.truth_set), item)
    return list(best.values())


def _picture(store: BlobStore, blob: str, caption: str) -> Picture:
    """A stored picture, small; one that is gone or damaged is a grey field that says so, and the report goes on."""
    try:
        return Picture(jpeg=store.thumb(blob).read_bytes(), caption=caption)
    except PictureLost as error:
        return Picture(jpeg=shrink(Image.new("RGB", BLANK, "grey")), caption=f"{caption}. Its file {error.what}.")


def _caption(item: BehindView, task: Task) -> str:
    exclusive = task in (Task.SINGLE, Task.ORDINAL)
    sure = f", {item.confidence:.0%} sure" if exclusive and item.confidence is not None else ""
    told = f"is {item.truth}, named rightly" if item.truth == item.said else f"is {item.truth}, said {item.said}"
    return f"{PurePosixPath(item.name).name}: {told}{sure}"


def _asked(ask: Callable[[], Answer]) -> Answer | GraftError:
    """What was asked, or why it cannot be."""
    try:
        return ask()
    except GraftError as error:
        return error


def _ask_heatmaps(service: Service, run: RunId, shown: Sequence[BehindView]) -> list[RunId]:
    parts = (service.engine, service.settings, service.queue)
    method, explanations = Grades(*parts).default_method(run), Explanations(*parts)
    return [explanations.request(run, image=item.image_id, method=method) for item in shown]


def _ask_resembling(service: Service, run: RunId, shown: Sequence[BehindView]) -> RunId | None:
    if not shown:
        return None
    parts = (service.engine, service.settings, service.queue)
    return Neighbours(*parts).request(run, *(item.image_id for item in shown), alone=not Serving(*parts).served)


def _heatmaps(
    service: Service,
    run: RunId,
    shown: Sequence[BehindView],
    asked: list[RunId] | GraftError,
    task: Task,
    patience_s: float,
) -> tuple[list[Heatmap], str]:
    """Heatmaps of what was said of each picture, and words about them."""
    found: list[Heatmap] = []
    if not shown:
        return [], ""
    parts = (service.engine, service.settings, service.queue)
    explanations, store = Explanations(*parts), BlobStore(service.settings)
    deadline = time.monotonic() + patience_s
    try:
        if isinstance(asked, GraftError):
            raise asked
        grades = Grades(*parts)
        method, graded = EXPLANATIONS[grades.default_method(run)], grades.newest(run)
    except GraftError as error:
        return [], f"Heatmaps could not be made: {error}"
    problems: list[GraftError] = []
    for item, number in zip(shown, asked, strict=True):
        try:
            view = explanations.wait(number, max(0.1, deadline - time.monotonic()))
            picture = store.thumb(item.blob).read_bytes()
        except GraftError as error:
            problems.append(error)
            continue
        over = _blended(picture, view.path.read_bytes())
        found.append(Heatmap(jpeg=picture, over=over, caption=_caption(item, task)))
    if not found:
        return [], f"Heatmaps could not be made: {problems[0]}"
    words = (
        f"{method.title} ({method.paper}), {_standing(graded, method.name)}: {method.words} Each picture "
        f"beside the same with what spoke for the model's answer in warm colours: {_which(shown, task)}. "
        "A heatmap says where it looked, not why; judge whether these are places an expert would look at."
    )
    if problems:
        words += f" {count(len(problems), 'more is', 'more are')} missing: {problems[0]}"
    return found, words


def _which(shown: Sequence[BehindView], task: Task) -> str:
    """Which pictures stand there."""
    if task is Task.REGRESSION:
        return "those on which it was farthest off"
    wrong, right = (any((item.truth == item.said) is same for item in shown) for same in (False, True))
    told = ["mistakes"] * wrong + ["one picture of each answer that was right"] * right
    return f"first {told[0]}, then {told[1]}" if len(told) > 1 else told[0]


@contextlib.contextmanager
def _answering(service: Service, run: RunId) -> Iterator[None]:
    """Somebody answers questions to the model while inside, if there is one to ask."""
    with reading(service.engine) as session:
        there = predictions.read_card(session, run) is not None
    with Serving(service.engine, service.settings, service.queue).answering() if there else contextlib.nullcontext():
        yield


def _resembling(
    service: Service, shown: Sequence[BehindView], asked: RunId | GraftError | None, task: Task, patience_s: float
) -> tuple[list[Resembling], str]:
    """The training pictures that each resembles, and words about them."""
    if asked is None:
        return [], ""
    neighbours = Neighbours(service.engine, service.settings, service.queue)
    store = BlobStore(service.settings)
    try:
        if isinstance(asked, GraftError):
            raise asked
        job = service.queue.wait(asked, timeout_s=patience_s)
        views = neighbours.views(job)
        if not views:
            raise GraftError(job.error or "The comparison was stopped.", hint=job.hint)
    except GraftError as error:
        return [], f"The training pictures that mistakes resemble could not be found: {error}"
    found = []
    for item, view in zip(shown, views, strict=True):
        own = _picture(store, item.blob, _caption(item, task))
        near = [
            _picture(store, other.blob, f"learnt from as {other.label}; distance {other.distance:.2f}")
            for other in view.nearest[:NEAR]
        ]
        found.append(Resembling(shown=own, words=_alike(item, view), near=near))
    words = (
        "The worst mistakes, each before the training pictures that look most like it to the model, with their labels: "
        "the distance is one less the cosine between their features, 0 for the same (Papernot & McDaniel 2018, arXiv "
        "1803.04765). Near pictures with the wrong "
        "answer as their label say why it erred: such pictures with the right label are missing, or a label is wrong. "
        "The model was asked when this report was made: these distances are not kept with the training."
    )
    return found, words


def _alike(item: BehindView, view: NeighboursView) -> str:
    name = PurePosixPath(item.name).name
    if not view.said:
        return f"{name} is {item.truth}; the model said {item.said}."
    true = sum(other.label == item.truth for other in view.nearest)
    return (
        f"{name}: of the {count(len(view.nearest), 'nearest training picture')}, "
        f"{count(view.alike, 'is labelled', 'are labelled')} {view.said}, as the model says, and {true} {item.truth}, "
        "as it is labelled."
    )


def _standing(graded: GradesView | None, method: str) -> str:
    """Why this method."""
    if graded is None:
        return "not tested on this model"
    if graded.best is None:
        return "though no method passed its tests on this model: take no heatmap here as a reason"
    return "the best of those that passed their tests on this model" if graded.best == method else ""


def _blended(picture: bytes, heat: bytes) -> bytes:
    """The heatmap over the picture, as JPEG."""
    below = Image.open(io.BytesIO(picture)).convert("RGBA")
    above = Image.open(io.BytesIO(heat)).convert("RGBA").resize(below.size, Image.Resampling.BILINEAR)
    above.putalpha(above.getchannel("A").point(lambda value: round(value * OPACITY)))
    file = io.BytesIO()
    Image.alpha_composite(below, above).convert("RGB").save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
