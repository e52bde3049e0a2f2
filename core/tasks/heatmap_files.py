"""Heatmaps that were drawn already: files in `heatmaps/`, found again by the question they answer.

A question is (hash of the model, address of the picture, method, precision); its answer for one class is a PNG and a
JSON of what was said. Answers that were asked for last stay longest.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.catalogue import ModelCard
from core.explanation import heatmap_png
from core.inference import Answer
from core.media import write_file
from core.settings import Settings
from core.store.predictions import PredictionRecord
from core.types import JsonObject


@dataclass(frozen=True, slots=True)
class Question:
    """Which model, which picture, which method, how exactly."""

    model: str
    blob: str
    method: str
    precision: str = "float32"


def kept(settings: Settings, question: Question, target: int | None) -> JsonObject | None:
    """The answer for a class, or for what the model said (None), if it is there whole."""
    path = _path(settings, question, target, "json")
    try:
        answer: JsonObject = json.loads(path.read_text("utf-8"))
        for file in (path, settings.heatmaps / str(answer["file"])):
            os.utime(file)
    except (FileNotFoundError, ValueError):
        return None  # forgotten, or half of it
    return answer


def keep(
    settings: Settings,
    question: Question,
    *,
    card: ModelCard,
    said: Answer,
    target: int | None,
    heat: NDArray[np.float32],
    size: tuple[int, int],
) -> JsonObject:
    """Write the answer for a class, or for what the model said (None), of a picture of `size` (width, height)."""
    position = said_position(said) if target is None else target
    path = _path(settings, question, position, "png")
    write_file(path, heatmap_png(heat, *size, card.framing), sync=False)
    answer: JsonObject = {
        "file": str(path.relative_to(settings.heatmaps)),
        "empty": not heat.any(),
        "target": position,
        "class": card.classes[position] if card.classes else "",
        "said": said_position(said),
        "probabilities": list(said.probabilities or ()),
        "number": said.number,
    }
    write_file(_path(settings, question, target, "json"), json.dumps(answer).encode(), sync=False)
    return answer


def answer_of(item: PredictionRecord) -> Answer:
    """What was said when the model was made: asking again would say the same."""
    return Answer(
        index=item.predicted_index,
        number=item.predicted_number,
        confidence=item.confidence,
        probabilities=None if item.probabilities is None else tuple(item.probabilities),
    )


def said_position(answer: Answer) -> int:
    """The output that speaks for the answer: with several classes the likeliest, with a number the only one."""
    if answer.index is not None:
        return answer.index
    shares = answer.probabilities or (1.0,)
    return max(range(len(shares)), key=shares.__getitem__)


def _path(settings: Settings, question: Question, target: int | None, suffix: str) -> Path:
    words = json.dumps([question.model, question.blob, question.method, question.precision, target])
    key = hashlib.sha256(words.encode()).hexdigest()[:32]
    return settings.heatmaps / key[:2] / f"{key}.{suffix}"
