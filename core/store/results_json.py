"""A run's results as one JSON object, for automation."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from core.store import facts, predictions, runs, versions
from core.store.deciding import Asked, decision_json
from core.store.figures import figures_json, trusted_json
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.sides import model_of, read_sides
from core.store.snapshot import SEAL, read_kept
from core.store.trust import slices_json
from core.store.versions import VersionRecord
from core.store.weak_spots import weak_spots
from core.types import JsonObject, RunId, RunKind, Split


def read_results_json(
    session: Session, run_id: RunId, models: Path, asked: Asked | None = None, confusion: Split = Split.TEST
) -> JsonObject:
    """Everything about a run, also of one that has no results yet. Raises NotFound, BadInput for a wrong question.

    Beside what `results_json` has: the `temperature` of the model; `slices`, which rest on what is known of the
    pictures now; and `labelling`, who labelled and how far they agreed when the dataset version was frozen, as the
    snapshot in the run's folder below `models` tells it, or null. An external test is judged by the limits of its
    model; `decision` answers what was `asked`; the `confusion` matrix is of the split that is named.
    """
    run = runs.read_run(session, run_id)
    version = versions.read_version_of(session, run) if run.version_id else None
    result = results_json(run, version, predictions.read_predictions(session, run_id), confusion)
    result["slices"] = []
    result["labelling"] = (read_kept(models / str(run_id)) or {}).get("labelling")
    if version is None or not result["abstaining"]:
        return result
    sides = read_sides(session, run_id)
    if run.kind is RunKind.EVALUATE:
        result |= trusted_json(result, sides)
    card = predictions.read_card(session, model_of(run))
    if asked is not None:
        result["decision"] = decision_json(sides, asked)
    if isinstance(result["calibration"], dict):
        result["calibration"]["temperature"] = card.get("temperature") if card else None
    known = facts.read_facts(session, [item.image_id for item in sides.checked.records if item.image_id is not None])
    result["slices"] = slices_json(weak_spots(sides.checked, known))
    return result


def results_json(
    run: RunRecord, version: VersionRecord | None, said: Sequence[PredictionRecord], confusion: Split = Split.TEST
) -> JsonObject:
    """The run, its data and its figures (as in `figures_json`).

    `folds` has the scores of a cross-validation, whose `validation` is out of fold; null for any other run.
    """
    folds = (run.result or {}).get("folds")
    figures: JsonObject = {"metrics": {}, "intervals": {}, "per_class": {}, "confusion": None, "reliability": {},
                           "calibration": {}, "abstaining": None, "decision": None, "counts": None}  # fmt: skip
    return {
        "run": run.id,
        "state": run.state.value,
        "task": version.task.value if version else None,
        "dataset_version": version.number if version else None,
        "dataset_hash": version.content_hash if version else None,
        "split_rule": version.split_rule if version else None,
        "splits": {part.value: len(version.part(part)) for part in Split} if version else {},
        "classes": list(version.class_names) if version else [],
        **(figures_json(version, said, confusion) if version else figures),
        "folds": {name: value for name, value in folds.items() if name != SEAL} if isinstance(folds, dict) else None,
        "timings_s": (run.result or {}).get("timings_s", {}),
    }
