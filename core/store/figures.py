"""All figures of a run as JSON: what automation reads, what reports show, and what is kept when a run ends."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.evaluation import ClassScore, Interval, Scores
from core.store.deciding import Asked, decision_json
from core.store.predictions import PredictionRecord
from core.store.sides import Side, Sides
from core.store.trust import abstaining_json, conformal_json, ends
from core.store.versions import VersionRecord
from core.types import JsonObject, JsonValue, Split, Task

PER_CLASS = ("precision", "recall", "specificity", "f1", "auroc", "average_precision")


def figures_json(
    version: VersionRecord,
    parts: Mapping[Split, Sequence[PredictionRecord]],
    scores: Mapping[Split, Scores],
    fitted: Side,
    confusion: Split = Split.TEST,
) -> JsonObject:
    """Everything that follows from a version and the usable predictions of each split, with their scores.

    Figures are plain numbers under `metrics`, or null with too few pictures; `intervals` has [low, high].
    The `confusion` matrix is of one split and has truth as rows; null without a class or grade per picture, or without
    predictions of that split.
    `calibration` and `abstaining` say how far single answers of the test split can be relied on, by limits from what
    is `fitted`; `abstaining` and `calibration.conformal` are null without predictions of the test split.
    `decision` says what acting on each class comes to, where it is as common as among the validation pictures and a
    miss is as bad as five false alarms. `counts` has the pictures of each class in each split.
    """
    calibration: JsonObject = {part.value: _calibration(found) for part, found in scores.items()}
    figures: JsonObject = {
        "metrics": {part.value: _metrics(found) for part, found in scores.items()},
        "intervals": {part.value: _intervals(found) for part, found in scores.items()},
        "per_class": {part.value: _classes(version, found) for part, found in scores.items()},
        "confusion": None,
        "reliability": {part.value: _reliability(found) for part, found in scores.items()},
        "calibration": calibration,
        "abstaining": None,
        "decision": None,
        "counts": _counts(version),
    }
    if parts[Split.TEST]:
        sides = Sides(fitted=fitted, checked=Side(version, parts[Split.TEST], Split.TEST))
        figures |= {
            "calibration": {**calibration, "conformal": conformal_json(sides)},
            "abstaining": abstaining_json(sides),
            "decision": decision_json(sides, Asked()),
        }
    if version.task in (Task.SINGLE, Task.ORDINAL) and confusion in scores:
        matrix: list[JsonValue] = [list(row) for row in scores[confusion].cells]
        figures["confusion"] = {"split": confusion.value, "labels": list(version.class_names), "matrix": matrix}
    return figures


def _counts(version: VersionRecord) -> JsonObject:
    """Pictures of each class, and cases or groups where any are named, in each split."""
    counts = Counter((target, item.split) for item in version.items for target in item.targets)
    classes: list[JsonValue] = [
        {"name": name, **{split.value: counts[index, split] for split in Split}}
        for index, name in enumerate(version.class_names)
    ]
    alone = version.together == "pictures"
    units = {split.value: len({item.unit or str(item.image_id) for item in version.part(split)}) for split in Split}
    found: JsonObject = {"classes": classes, "together": version.together, "units": None if alone else {**units}}
    # Left out where there is none, so that the figures of earlier runs stay as they are.
    leaking = version.leaking
    return {**found, "leaking": leaking} if leaking else found


def _calibration(scores: Scores) -> JsonObject:
    found = {name: scores.figures.get(name) for name in ("ece", "brier")}
    return {
        **{name: None if value is None else value.value for name, value in found.items()},
        "intervals": {name: ends(value) for name, value in found.items()},
    }


def _metrics(scores: Scores) -> JsonObject:
    figures: JsonObject = {name: None if found is None else found.value for name, found in scores.figures.items()}
    return {"count": scores.count, "units": scores.units, **figures}


def _intervals(scores: Scores) -> JsonObject:
    return {name: ends(found) for name, found in scores.figures.items()}


def _reliability(scores: Scores) -> list[JsonValue]:
    return [
        {"count": item.count, "confidence": item.confidence, "right": item.right.value, "interval": ends(item.right)}
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
        "intervals": {key: ends(value) for key, value in values.items()},
    }
