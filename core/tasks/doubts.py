"""Labels that look wrong, by the best answers there are of models that had not seen the pictures.

Where the project has a cross-validation, its out-of-fold answers count, and of the test pictures those of its folds
together, which had not seen them either; pictures it does not know are left to a simple head.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.checks.label_errors import suspects
from core.jobs.context import JobContext
from core.store import predictions, runs, versions
from core.store.checks import CheckedImage
from core.store.db import reading
from core.types import ImageId, JsonObject, ProjectId, RunId, RunKind, RunState, Split, Task

GOOD_ENOUGH = 0.5
"""Share of the way from chance to perfect that a model must reach before its word against a label counts."""
Values = NDArray[np.float64]
Codes = NDArray[np.int64]


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
        said, chance = self.probabilities.argmax(1), 1 / self.probabilities.shape[1]
        there = np.unique(self.labels)
        recalls = [float((said[self.labels == k] == k).mean()) for k in there]
        return len(there) > 1 and (np.mean(recalls) - chance) / (1 - chance) >= GOOD_ENOUGH


def validated_answers(
    context: JobContext, project_id: ProjectId, task: Task, images: Sequence[CheckedImage]
) -> Answers | None:
    """Those of the project's newest cross-validation for images that carry one of its classes; None without one."""
    if task not in (Task.SINGLE, Task.ORDINAL):
        return None
    with reading(context.engine) as session:
        done = runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN], states=[RunState.DONE])
        run = next((item for item in done if item.payload.get("folds") and item.version_id), None)
        if run is None or run.version_id is None:
            return None
        classes = versions.read_version(session, run.version_id).classes
        said = predictions.read_numbered(session, run.id).values()
    shares = {item.image_id: item.probabilities for item in said if item.probabilities and item.image_id}
    place = {int(str(item["id"])): position for position, item in enumerate(classes)}
    chosen = [image for image in images if image.id in shares and len(image.classes) == 1 and image.classes[0] in place]
    if not chosen:
        return None
    return Answers(
        images=tuple(chosen),
        probabilities=np.array([shares[image.id] for image in chosen], np.float64),
        labels=np.array([place[image.classes[0]] for image in chosen], np.int64),
        names=tuple(str(item["name"]) for item in classes),
        source=_words(run.id, len(chosen)),
    )


def _words(run: RunId, pictures: int) -> str:
    return f"run {run}, fold by fold, of {pictures:,} pictures"


def doubted(answers: Sequence[Answers], decided: Mapping[ImageId, object]) -> list[JsonObject]:
    """Suspects, the surest first. Of an image only the first answers count; decided ones are silent."""
    found: list[JsonObject] = []
    known: set[ImageId] = set()
    for said in answers:
        for item in suspects(said.probabilities, said.labels) if said.good else ():
            image = said.images[item.index]
            if image.id in known or image.id in decided:
                continue
            found.append({
                "image": image.id,
                "name": image.name,
                "split": _split(image.split),
                "given": said.names[item.given],
                "suggested": said.names[item.suggested],
                "margin": item.margin,
                "source": said.source,
            })  # fmt: skip
        known |= {image.id for image in said.images} if said.good else set()
    return sorted(found, key=lambda item: -float(str(item["margin"])))


def _split(split: Split | None) -> str | None:
    return split.value if split else None
