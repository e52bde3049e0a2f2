"""A run's figures as they were when it ended, and whether they still follow from what is stored.

The snapshot is a file beside the model, `figures.json`; the run's result holds its hash.
"""

import dataclasses
import hashlib
import json
import math
from pathlib import Path

from core.store.computed import Computed
from core.store.predictions import PredictionRecord
from core.store.scoring import usable
from core.types import JsonObject, JsonValue, Split

FILE, HASH = "figures.json", "figures_sha256"
"""The file's name in the run's folder, and where in the run's result its sha256 stands."""
SEAL = "sealed_sha256"
"""Where in the result of a job about a model the sha256 of all the rest of it stands."""
LIMITS = "limits_sha256"
"""Where in an external test's snapshot the hash stands of what its model said of its validation pictures."""
LAYOUTS_HASH = "layouts_sha256"
"""Where in the result of a map the sha256 of the file with its places stands."""
CLOSE = 1e-6
"""Numbers that differ by less are the same: another processor rounds differently in the last digits."""


def snapshot(found: Computed, labelling: JsonObject | None, code_version: str) -> JsonObject:
    """The figures, and hashes of what they follow from: what was said, and which case or group each picture is of.

    `labelling` says who gave the labels and how far they agree.

    `slices` stand apart: they follow from what is `known` of the test pictures besides, which may become more. Of an
    external test also what its model said of the pictures by which single answers are judged.
    """
    version = found.version
    folded = version.whole == "group"  # then intervals count by more than the items' own cases
    test = usable(version.task, [item for item in found.said if item.split is Split.TEST])
    images = [item.image_id for item in test if item.image_id is not None]
    facts = {str(image): dataclasses.asdict(found.known[image]) for image in images if image in found.known}
    limits = {} if found.limits is None else {LIMITS: _digest([_filled(item) for item in found.limits.records])}
    return {
        "code_version": code_version,
        "dataset_hash": version.content_hash,
        "predictions_sha256": _digest([_filled(item) for item in found.said]),
        "units_sha256": _digest([item.unit for item in version.items] + (version.pool_units if folded else [])),
        **limits,
        "labelling": labelling,
        "figures": found.figures,
        "facts_sha256": _digest(facts),
        "slices": found.slices,
    }


def read_kept(folder: Path) -> JsonObject | None:
    """The snapshot in a run's folder; None where there is none, or one that cannot be read."""
    try:
        found = json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def sealed(result: JsonObject) -> JsonObject:
    """A job's result with a hash of it: its numbers took the model or long work, and are not computed again."""
    return {**result, SEAL: _digest(result)}


def unbroken(result: JsonObject) -> bool | None:
    """Whether a result is as it was when it was sealed; None for one that never was."""
    if SEAL not in result:
        return None
    return result[SEAL] == _digest({name: value for name, value in result.items() if name != SEAL})


def _filled(said: PredictionRecord) -> JsonObject:
    """What stands in a prediction; a field that is empty is left out, so that later versions may add fields."""
    empty: tuple[object, ...] = (None, "", (), [], {})
    return {name: value for name, value in dataclasses.asdict(said).items() if value not in empty}


WORDED = {"verdict", "basis", "words", "problem", "notes"}
"""Words about numbers beside them, which are all compared: a later version may judge, or say it, more carefully."""


def differing(kept: JsonValue, found: JsonValue, name: str = "") -> list[str]:
    """Where two JSON values differ, each as "name: kept, now found"."""
    if isinstance(kept, dict) and isinstance(found, dict):
        names = [key for key in dict.fromkeys([*kept, *found]) if key not in WORDED]
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
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
