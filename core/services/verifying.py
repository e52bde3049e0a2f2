"""Whether a run's figures follow from what is stored: labels, predictions and dataset version, recomputed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Engine

from core.errors import BadInput
from core.settings import Settings
from core.store import predictions, runs, versions
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.snapshot import FILE, HASH, count_numbers, differing, snapshot
from core.store.versions import VersionRecord, content_hash
from core.types import JsonObject, JsonValue, RunId, Split

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was held against what is stored; `words` say what was found."""

    name: str
    ok: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a check of a run's figures found."""

    run_id: RunId
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return all(item.ok for item in self.findings)


def verify(engine: Engine, settings: Settings, run_id: RunId) -> Verification:
    """Recompute every figure of a run. Raises NotFound, BadInput for a run whose figures were not kept."""
    with reading(engine) as session:
        run = runs.read_run(session, run_id)
        wanted = (run.result or {}).get(HASH)
        if run.version_id is None or not isinstance(wanted, str):
            raise BadInput(
                f"Run {run_id} has no kept figures to check: it is {run.state.value}.",
                hint="Trainings and external tests keep theirs when they are done.",
            )
        version = versions.read_version(session, run.version_id)
        said = predictions.read_predictions(session, run_id)
    path = settings.models / str(run_id) / FILE
    content = path.read_bytes() if path.is_file() else b""
    same = hashlib.sha256(content).hexdigest() == wanted
    words = f"{FILE} was changed since the run ended" if content else f"{FILE} is gone"
    findings = [
        Finding(name="Snapshot", ok=same, words="is as it was when the run ended" if same else words),
        _dataset(version),
        _truth(version, said),
    ]
    kept = _read(content)
    if kept is not None:
        findings += _against(kept, snapshot(version, said, ""))
    return Verification(run_id=run_id, findings=tuple(findings))


def _read(content: bytes) -> JsonObject | None:
    try:
        return cast(JsonObject, json.loads(content))
    except ValueError:
        return None


def _dataset(version: VersionRecord) -> Finding:
    same = content_hash(version.items, version.classes) == version.content_hash
    words = f"{len(version.items):,} pictures, labels and splits give the hash {version.content_hash[:12]}"
    changed = "pictures, labels or splits do not give the hash of the dataset version: they were changed"
    return Finding(name="Dataset version", ok=same, words=words if same else changed)


def _truth(version: VersionRecord, said: Sequence[PredictionRecord]) -> Finding:
    """Each prediction's truth and split against the version's; a cross-validation's folds count as validation."""
    items = {item.image_id: item for item in version.items}
    wrong = 0
    for record in said:
        item = items.get(record.image_id) if record.image_id else None
        if item is None or (record.split is Split.TEST) != (item.split is Split.TEST):
            wrong += 1
        elif record.truth_index is not None:
            wrong += (record.truth_index,) != item.targets
        elif record.truth_set is not None:
            wrong += tuple(record.truth_set) != item.targets
        else:
            wrong += record.truth_number != item.number
    agree = f"the truth of {len(said):,} predictions is the dataset version's"
    return Finding(
        name="Labels", ok=not wrong, words=f"{wrong:,} predictions have another truth or split" if wrong else agree
    )


def _known(kept: JsonValue, found: JsonValue) -> JsonValue:
    """The figures that there were when the run ended: a newer Graft may have more, which nothing was promised of."""
    if isinstance(kept, dict) and isinstance(found, dict):
        return {name: value for name, value in found.items() if name in kept}
    return found


def _against(kept: JsonObject, found: JsonObject) -> list[Finding]:
    """What was said, what belongs together, and every number."""
    told = kept.get("predictions_sha256") == found["predictions_sha256"]
    together = kept.get("units_sha256") == found["units_sha256"]
    lines = differing(kept.get("figures"), _known(kept.get("figures"), found["figures"]))
    more = f"; and {len(lines) - MOST_SHOWN} more" if len(lines) > MOST_SHOWN else ""
    figures = f"{count_numbers(found['figures']):,} numbers recomputed: all agree"
    return [
        Finding(
            name="Predictions",
            ok=told,
            words="are those of the end of the run" if told else "were changed since the run ended",
        ),
        Finding(
            name="Cases and groups",
            ok=together,
            words="are those of the end of the run" if together else "were changed since: intervals count by them",
        ),
        Finding(name="Figures", ok=not lines, words="; ".join(lines[:MOST_SHOWN]) + more if lines else figures),
    ]
