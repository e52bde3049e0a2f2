"""Labels that look wrong, by the best answers there are of models that had not seen the pictures.

Where the project has a cross-validation, its out-of-fold answers count, and of the test pictures those of its folds
together, which had not seen them either; one that judged all pictures is asked before one that judged some. Pictures
that none knows are left to a simple head.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.checks.label_errors import suspects
from core.jobs.context import JobContext
from core.store import predictions, runs, versions
from core.store.checks import CheckedImage
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.types import ImageId, JsonObject, ProjectId, RunKind, RunState, Split, Task, VersionId
from core.words import count

GOOD_ENOUGH = 0.5
"""Share of the way from chance to perfect that a model must reach before its word against a label counts."""
Values = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Doubt:
    """An image whose label looks wrong: what it carries, and what it looks like; `margin` in [0, 1] how much more."""

    image: CheckedImage
    given: str
    suggested: str
    margin: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Probabilities (n, K) of images by models that had not seen them; `names` (K,) of the classes.

    labels  (n,) positions of the labels they carry now
    source  who says so, in words
    """

    images: tuple[CheckedImage, ...]
    probabilities: Values
    labels: Codes
    names: tuple[str, ...]
    source: str

    @property
    def good(self) -> bool:
        """Whether they tell the classes well enough to doubt a label."""
        return _tells(self.probabilities, self.labels)

    def doubts(self) -> list[Doubt]:
        """Labels that look wrong."""
        return [
            Doubt(self.images[item.index], self.names[item.given], self.names[item.suggested], item.margin)
            for item in suspects(self.probabilities, self.labels)
        ]


@dataclass(frozen=True, slots=True)
class SeveralAnswers:
    """The same where a picture has several classes: `labels` (n, K) says which; each class is doubted by itself.

    Class by class confident learning: Thyagarajan et al. 2022 (https://arxiv.org/abs/2211.13895).
    """

    images: tuple[CheckedImage, ...]
    probabilities: Values
    labels: NDArray[np.bool_]
    names: tuple[str, ...]
    source: str

    @property
    def good(self) -> bool:
        """Whether they tell any class well enough to doubt it."""
        return bool(self._told())

    def doubts(self) -> list[Doubt]:
        """Labels that look wrong: of a picture the class that does so most, there or not there."""
        found: dict[int, Doubt] = {}
        for k in self._told():
            for item in suspects(*self._alone(k)):
                before = found.get(item.index)
                if before is None or item.margin > before.margin:
                    there = self.labels[item.index]
                    turned = there ^ (np.arange(len(there)) == k)
                    found[item.index] = Doubt(
                        self.images[item.index], self._words(there), self._words(turned), item.margin
                    )
        return list(found.values())

    def _told(self) -> list[int]:
        return [k for k in range(len(self.names)) if _tells(*self._alone(k))]

    def _alone(self, k: int) -> tuple[Values, Codes]:
        """Probabilities (n, 2) and labels (n,) of one class, not there and there."""
        share = self.probabilities[:, k]
        return np.stack([1 - share, share], 1), self.labels[:, k].astype(np.int64)

    def _words(self, there: NDArray[np.bool_]) -> str:
        return " and ".join(name for name, own in zip(self.names, there.tolist(), strict=True) if own) or "none"


def _tells(probabilities: Values, labels: Codes) -> bool:
    """Whether classes (n,) are told well enough by probabilities (n, K) for these to doubt a label."""
    said, chance = probabilities.argmax(1), 1 / probabilities.shape[1]
    there = np.unique(labels)
    recalls = [float((said[labels == k] == k).mean()) for k in there]
    return len(there) > 1 and bool((np.mean(recalls) - chance) / (1 - chance) >= GOOD_ENOUGH)


@dataclass(frozen=True, slots=True)
class _Validation:
    """A cross-validation that is done: what was said, in a version whose `classes` it knows.

    complete  whether each picture that took part was judged out of fold; on random parts some may never be
    """

    run: RunRecord
    classes: tuple[JsonObject, ...]
    said: tuple[PredictionRecord, ...]
    complete: bool


def validated_answers(
    context: JobContext, project_id: ProjectId, task: Task, images: Sequence[CheckedImage]
) -> list[Answers | SeveralAnswers]:
    """Those of the project's cross-validations for images that carry their classes, the first to ask first.

    That is the newest that judged all pictures, and for those it does not know a newer one that judged some.
    """
    if task is Task.REGRESSION:
        return []
    with reading(context.engine) as session:
        done = runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN], states=[RunState.DONE])
        read = (_read(session, run, run.version_id) for run in done if run.payload.get("folds") and run.version_id)
        newest = next(read, None)
        if newest is None:
            return []
        older = None if newest.complete else next((item for item in read if item.complete), None)
    answers = [_answers(item, task, images) for item in (older, newest) if item is not None]
    return [item for item in answers if item is not None]


def _read(session: Session, run: RunRecord, version_id: VersionId) -> _Validation:
    version, said = versions.read_version(session, version_id), predictions.read_numbered(session, run.id).values()
    judged = {item.image_id for item in said if item.split is Split.VALIDATION}
    complete = all(item.image_id in judged for item in version.items if item.split is not Split.TEST)
    return _Validation(run, tuple(version.classes), tuple(said), complete)


def _answers(found: _Validation, task: Task, images: Sequence[CheckedImage]) -> Answers | SeveralAnswers | None:
    """None where it knows none of the images."""
    shares = {item.image_id: item.probabilities for item in found.said if item.probabilities and item.image_id}
    place = {int(str(item["id"])): position for position, item in enumerate(found.classes)}
    several = task is Task.MULTI
    answered = [image for image in images if image.id in shares and image.labelled]
    chosen = [item for item in answered if place.keys() >= {*item.classes} and (several or len(item.classes) == 1)]
    if not chosen:
        return None
    names, source = tuple(str(item["name"]) for item in found.classes), _words(found.run, len(chosen))
    probabilities = np.array([shares[image.id] for image in chosen], np.float64)
    if several:
        there = np.array([[known in image.classes for known in place] for image in chosen])
        return SeveralAnswers(tuple(chosen), probabilities, there, names, source)
    labels = np.array([place[image.classes[0]] for image in chosen], np.int64)
    return Answers(tuple(chosen), probabilities, labels, names, source)


def _words(run: RunRecord, pictures: int) -> str:
    how = "on random parts" if run.payload.get("shuffle") else "fold by fold"
    return f"run {run.id}, {how}, of {count(pictures, 'picture')}"


def doubted(answers: Sequence[Answers | SeveralAnswers], decided: Mapping[ImageId, object]) -> list[JsonObject]:
    """Suspects, the surest first. Of an image only the first answers count; decided ones are silent."""
    found: list[JsonObject] = []
    known: set[ImageId] = set()
    for said in answers:
        for item in said.doubts() if said.good else ():
            image = item.image
            if image.id in known or image.id in decided:
                continue
            found.append({
                "image": image.id,
                "name": image.name,
                "split": _split(image.split),
                "given": item.given,
                "suggested": item.suggested,
                "margin": item.margin,
                "source": said.source,
            })  # fmt: skip
        known |= {image.id for image in said.images} if said.good else set()
    return sorted(found, key=lambda item: -float(str(item["margin"])))


def _split(split: Split | None) -> str | None:
    return split.value if split else None
