"""A run's results as one JSON object, for automation."""

from pathlib import Path

from sqlalchemy.orm import Session

from core.store import predictions, runs
from core.store.computed import Computed, read_computed
from core.store.deciding import Asked, decision_json
from core.store.runs import RunRecord
from core.store.sides import model_of, read_sides
from core.store.snapshot import SEAL, read_kept
from core.types import JsonObject, RunId, Split


def read_results_json(
    session: Session,
    run_id: RunId,
    models: Path,
    asked: Asked | None = None,
    confusion: Split = Split.TEST,
    computed: Computed | None = None,
) -> JsonObject:
    """Everything about a run, also of one that has no results yet. Raises NotFound, BadInput for a wrong question.

    Beside what `results_json` has: the `temperature` of the model; `slices`, which rest on what is known of the
    pictures now; and `labelling`, who labelled and how far they agreed when the dataset version was frozen, as the
    snapshot in the run's folder below `models` tells it, or null. An external test is judged by the limits of its
    model; `decision` answers what was `asked`; the `confusion` matrix is of the split that is named. What was
    `computed` already, with the usual matrix, is not computed again.
    """
    run = runs.read_run(session, run_id)
    if computed is None and run.version_id:
        computed = read_computed(session, run, confusion)
    result = results_json(run, computed)
    result["slices"] = [*computed.slices] if computed else []
    result["labelling"] = (read_kept(models / str(run_id)) or {}).get("labelling")
    if not result["abstaining"]:
        return result
    if asked is not None:
        result["decision"] = decision_json(read_sides(session, run_id), asked)
    card = predictions.read_card(session, model_of(run))
    if isinstance(result["calibration"], dict):
        result["calibration"] = {**result["calibration"], "temperature": card.get("temperature") if card else None}
    return result


def results_json(run: RunRecord, computed: Computed | None) -> JsonObject:
    """The run, its data and its figures (as in `figures_json`).

    `folds` has the scores of a cross-validation, whose `validation` is out of fold; null for any other run.
    """
    folds, version = (run.result or {}).get("folds"), computed.version if computed else None
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
        **(computed.figures if computed else figures),
        "folds": {name: value for name, value in folds.items() if name != SEAL} if isinstance(folds, dict) else None,
        "timings_s": (run.result or {}).get("timings_s", {}),
    }
