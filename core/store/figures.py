"""All figures of a run as JSON: what automation reads, what reports show, and what is kept when a run ends."""

from collections.abc import Sequence

from core.evaluation import ClassScore, Interval, Scores
from core.store.predictions import PredictionRecord
from core.store.scoring import score, usable
from core.store.versions import VersionRecord
from core.types import JsonObject, JsonValue, Split, Task

PER_CLASS = ("precision", "recall", "specificity", "f1", "auroc", "average_precision")


def figures_json(version: VersionRecord, said: Sequence[PredictionRecord]) -> JsonObject:
    """Everything that follows from a version and what was said of it, and from nothing else.

    Figures are plain numbers under `metrics`, or null with too few pictures; `intervals` has [low, high].
    `confusion` is of the test split, its `matrix` has truth as rows; null without a class or grade per picture.
    """
    parts = {part: [item for item in usable(version.task, said) if item.split is part] for part in Split}
    scores = {part: score(version, records) for part, records in parts.items() if records}
    figures: JsonObject = {
        "metrics": {part.value: _metrics(found) for part, found in scores.items()},
        "intervals": {part.value: _intervals(found) for part, found in scores.items()},
        "per_class": {part.value: _classes(version, found) for part, found in scores.items()},
        "confusion": None,
        "reliability": {part.value: _reliability(found) for part, found in scores.items()},
    }
    if version.task in (Task.SINGLE, Task.ORDINAL) and Split.TEST in scores:
        matrix: list[JsonValue] = [list(row) for row in scores[Split.TEST].cells]
        figures["confusion"] = {"split": Split.TEST.value, "labels": list(version.class_names), "matrix": matrix}
    return figures


def _metrics(scores: Scores) -> JsonObject:
    figures: JsonObject = {name: None if found is None else found.value for name, found in scores.figures.items()}
    return {"count": scores.count, "units": scores.units, **figures}


def _intervals(scores: Scores) -> JsonObject:
    return {name: _ends(found) for name, found in scores.figures.items()}


def _ends(found: Interval | None) -> JsonValue:
    return None if found is None else [found.low, found.high]


def _reliability(scores: Scores) -> list[JsonValue]:
    return [
        {"count": item.count, "confidence": item.confidence, "right": item.right.value, "interval": _ends(item.right)}
        for item in scores.reliability
    ]


def _classes(version: VersionRecord, scores: Scores) -> list[JsonValue]:
    return [_class(name, found) for name, found in zip(version.class_names, scores.classes, strict=False)]


def _class(name: str, found: ClassScore) -> JsonObject:
    values: dict[str, Interval | None] = {key: getattr(found, key) for key in PER_CLASS}
    return {
        "name": name,
        "support": found.support,
        "said": found.said,
        "right": found.right,
        **{key: None if value is None else value.value for key, value in values.items()},
        "intervals": {key: _ends(value) for key, value in values.items()},
    }
