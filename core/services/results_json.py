"""A run's results as one JSON object, for automation."""

from collections.abc import Sequence

from core.store.figures import figures_json
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.versions import VersionRecord
from core.types import JsonObject, Split


def results_json(run: RunRecord, version: VersionRecord | None, said: Sequence[PredictionRecord]) -> JsonObject:
    """The run, its data and its figures (as in `figures_json`).

    `folds` has the scores of a cross-validation, whose `validation` is out of fold; null for any other run.
    """
    figures: JsonObject = {"metrics": {}, "intervals": {}, "per_class": {}, "confusion": None, "reliability": {}}
    return {
        "run": run.id,
        "state": run.state.value,
        "task": version.task.value if version else None,
        "dataset_version": version.number if version else None,
        "dataset_hash": version.content_hash if version else None,
        "split_rule": version.split_rule if version else None,
        "splits": {part.value: len(version.part(part)) for part in Split} if version else {},
        "classes": list(version.class_names) if version else [],
        **(figures_json(version, said) if version else figures),
        "folds": (run.result or {}).get("folds"),
        "timings_s": (run.result or {}).get("timings_s", {}),
    }
