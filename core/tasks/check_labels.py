"""The parts of a check that need a network's features: honest splits, and labels that look wrong."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.checks.heads import out_of_fold, split_score
from core.checks.probe import LEAST_PICTURES, LEAST_UNITS, enough
from core.jobs.context import JobContext
from core.store.checks import CheckedImage
from core.tasks.doubts import Answers
from core.tasks.seen import unlearnt_features
from core.types import JsonObject, JsonValue

MOST_PICTURES = 5000


class Labelled(Protocol):
    """Which pictures have one class, and which."""

    @property
    def chosen(self) -> NDArray[np.int64]: ...
    @property
    def classes(self) -> NDArray[np.int64]: ...
    @property
    def names(self) -> tuple[str, ...]: ...


def check_labels(
    context: JobContext,
    images: Sequence[CheckedImage],
    units: Sequence[str],
    labels: Labelled,
    notes: list[JsonValue],
) -> tuple[JsonObject, Answers | None]:
    """`splitting`: the head's score by what stays together; and what the head says of pictures it had not seen."""
    nothing: JsonObject = {"splitting": {"features": "", "scores": []}}
    usable = enough(labels.classes, [""] * len(labels.classes))
    if not usable.any():
        notes.append(
            f"Not enough pictures to doubt labels: at least {LEAST_PICTURES} of each of two classes are needed."
        )
        return nothing, None
    order = np.flatnonzero(usable)
    chosen = np.sort(np.random.default_rng(0).permutation(order)[:MOST_PICTURES])
    kinds, classes = np.unique(labels.classes[chosen], return_inverse=True)
    pictures = [images[index] for index in labels.chosen[chosen]]
    together = [units[index] for index in labels.chosen[chosen]]
    features, words = unlearnt_features(context, [image.blob for image in pictures])
    context.progress("Doubting the labels", now=True)
    answers = {"pictures": out_of_fold(features, classes, [""] * len(classes), context.check_cancelled)}
    ways = {"cases": [image.case_name or "" for image in pictures], "groups": [i.group_name or "" for i in pictures]}
    for kept, names in ways.items():
        if len(set(names) - {""}) >= LEAST_UNITS:
            answers[kept] = out_of_fold(features, classes, names, context.check_cancelled)
    scores = [split_score(kept, said, classes, ways.get(kept, together)) for kept, said in answers.items()]
    told: list[JsonValue] = [
        {"kept": item.kept, "score": item.interval.value, "interval": [item.interval.low, item.interval.high]}
        for item in scores
        if item is not None
    ]
    fair = next(answers[kept] for kept in ("cases", "groups", "pictures") if kept in answers)
    head = Answers(
        images=tuple(pictures),
        probabilities=fair,
        labels=classes,
        names=tuple(labels.names[k] for k in kinds),
        source=f"a linear head on features of {words}",
    )
    return {"splitting": {"features": words, "scores": told}}, head
