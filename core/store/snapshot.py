"""A run's figures as they were when it ended, and whether they still follow from what is stored.

The snapshot is a file beside the model, `figures.json`; the run's result holds its hash.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Sequence

from core.store.figures import figures_json
from core.store.predictions import PredictionRecord
from core.store.versions import VersionRecord
from core.types import JsonObject, JsonValue

FILE, HASH = "figures.json", "figures_sha256"
"""The file's name in the run's folder, and where in the run's result its sha256 stands."""
CLOSE = 1e-6
"""Numbers that differ by less are the same: another processor rounds differently in the last digits."""


def snapshot(version: VersionRecord, said: Sequence[PredictionRecord], code_version: str) -> JsonObject:
    """The figures, and hashes of what they follow from: what was said, and which case or group each picture is of."""
    return {
        "code_version": code_version,
        "dataset_hash": version.content_hash,
        "predictions_sha256": _digest([dataclasses.asdict(item) for item in said]),
        "units_sha256": _digest([item.unit for item in version.items]),
        "figures": figures_json(version, said),
    }


def differing(kept: JsonValue, found: JsonValue, name: str = "") -> list[str]:
    """Where two JSON values differ, each as "name: kept, now found"."""
    if isinstance(kept, dict) and isinstance(found, dict):
        names = [*kept, *(key for key in found if key not in kept)]
        return [line for key in names for line in differing(kept.get(key), found.get(key), f"{name} {key}".strip())]
    if isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        pairs = enumerate(zip(kept, found, strict=True), 1)
        return [line for number, (one, other) in pairs for line in differing(one, other, f"{name} {number}")]
    if _number(kept) and _number(found):
        same = math.isclose(float(str(kept)), float(str(found)), rel_tol=CLOSE, abs_tol=CLOSE)
    else:
        same = type(kept) is type(found) and kept == found
    return [] if same else [f"{name}: {_shown(kept)}, now {_shown(found)}"]


def count_numbers(value: JsonValue) -> int:
    """How many numbers a JSON value holds."""
    if isinstance(value, dict):
        return sum(map(count_numbers, value.values()))
    return sum(map(count_numbers, value)) if isinstance(value, list) else int(_number(value))


def _number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: JsonValue) -> str:
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else str(value) if _number(value) else json.dumps(value)[:60]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
