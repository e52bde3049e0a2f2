"""A run's results as one JSON object, for automation."""

from collections.abc import Sequence

from core.evaluation import ClassScore, Interval, Scores
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.scoring import score, usable
from core.store.versions import VersionRecord
from core.types import JsonObject, JsonValue, Split, Task

PER_CLASS = ("precision", "recall", "specificity", "f1", "auroc", "average_precision")


def results_json(run: RunRecord, version: VersionRecord | None, said: Sequence[PredictionRecord]) -> JsonObject:
    """Figures are plain numbers under `metrics`, or null with too few pictures; `intervals` has [low, high].

    `folds` has the scores of a cross-validation, whose `validation` is out of fold; null for any other run.
    `confusion` is of the test split, its `matrix` has truth as rows; null without a class or grade per picture.
    """
    result: JsonObject = {
        "run": run.id,
        "state": run.state.value,
        "task": version.task.value if version else None,
        "dataset_version": version.number if version else None,
        "dataset_hash": version.content_hash if version else None,
        "split_rule": version.split_rule if version else None,
        "splits": {part.value: len(version.part(part)) for part in Split} if version else {},
        "classes": list(version.class_names) if version else [],
        "metrics": {},
        "intervals": {},
        "per_class": {},
        "confusion": None,
        "reliability": {},
        "folds": (run.result or {}).get("folds"),
        "timings_s": (run.result or {}).get("timings_s", {}),
    }
    if version is None:
        return result
    parts = {part: [item for item in usable(version.task, said) if item.split is part] for part in Split}
    scores = {part: score(version, records) for part, records in parts.items() if records}
    result["metrics"] = {part.value: _metrics(found) for part, found in scores.items()}
    result["intervals"] = {part.value: _intervals(found) for part, found in scores.items()}
    result["per_class"] = {part.value: _classes(version, found) for part, found in scores.items()}
    result["reliability"] = {part.value: _reliability(found) for part, found in scores.items()}
    if version.task in (Task.SINGLE, Task.ORDINAL) and Split.TEST in scores:
        matrix: list[JsonValue] = [list(row) for row in scores[Split.TEST].cells]
        result["confusion"] = {"split": Split.TEST.value, "labels": list(version.class_names), "matrix": matrix}
    return result


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
