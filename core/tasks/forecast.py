"""What more pictures of each class should bring, told from how it went with fewer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.checks.folds import units_per_class
from core.checks.growth import LEAST_PICTURES, LEAST_UNITS, enough, grow
from core.errors import BadInput
from core.evaluation import triple, units_of
from core.evaluation.forecast import Curve, forecast
from core.jobs.context import JobContext
from core.jobs.payloads import ForecastPayload
from core.store import runs, versions
from core.store.db import reading
from core.store.snapshot import sealed
from core.tasks.seen import unlearnt_features
from core.types import JsonObject, JsonValue, Split, Task

MOST_PICTURES = 5000
MOST_CLASSES = 12


def run(context: JobContext) -> JsonObject:
    """Try fewer pictures, and forecast; the result has a curve per class, or none where all are among
    the `few`: those with too few pictures.

    The pictures are those to learn from and to choose by: the test split is not looked at.
    """
    payload = ForecastPayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        trained = runs.read_run(session, payload.model)
        if trained.version_id is None:
            raise BadInput(f"Run {payload.model} is no training.")
        version = versions.read_version(session, trained.version_id)
    if version.task not in (Task.SINGLE, Task.ORDINAL):
        raise BadInput("A forecast needs one class or grade per picture.", hint="Look at the classes' own scores.")
    items = [item for item in version.items if item.split is not Split.TEST and item.targets]
    order = np.random.default_rng(0).permutation(len(items))[:MOST_PICTURES]
    items = [items[index] for index in np.sort(order)]
    labels, units = np.array([item.targets[0] for item in items], np.int64), [item.unit for item in items]
    able = enough(labels, units) if items else []
    common: JsonObject = {
        "pictures": len(items),
        "together": version.together,
        "few": [name for k, name in enumerate(version.class_names) if k not in able],
        "least": [LEAST_PICTURES, LEAST_UNITS],
        "largest": _largest(labels, units),
    }
    if not able:
        return sealed({**common, "features": "", "reached": 0.0, "chance": 0.0, "curves": [], "left_out": []})
    features, words = unlearnt_features(context, [item.blob for item in items])
    # The rarest classes: they have the most to gain.
    counts = np.bincount(labels, minlength=len(version.classes))
    chosen = sorted(sorted(able, key=lambda k: int(counts[k]))[:MOST_CLASSES])

    def watch(done: float) -> None:
        context.check_cancelled()
        context.progress("Trying it with fewer pictures", fraction=done)

    grown = grow(features, labels, units, chosen, watch)
    curves: list[JsonValue] = []
    for k, item in grown.items():
        own = units_of([units[index] for index in item.members.tolist()])
        curves.append({"class": version.class_names[k], "pictures": int(counts[k]),
                       **_told(forecast(item.sizes, item.hits, own, int(counts[k])))})  # fmt: skip
    reached = float(np.mean([item.hits[:, -1].mean() for item in grown.values()]))
    return sealed(
        {
            **common,
            "features": words,
            "reached": reached,
            "chance": 1 / int((counts > 0).sum()),
            "curves": curves,
            "left_out": [version.class_names[k] for k in able if k not in chosen],
        }
    )


def _largest(labels: NDArray[np.int64], units: Sequence[str]) -> list[JsonValue]:
    """Pictures, and cases or groups, of the class that has the most of the latter."""
    independent = units_per_class(labels, units)
    k = max(independent, key=independent.__getitem__, default=-1)
    return [int((labels == k).sum()), independent.get(k, 0)]


def _told(curve: Curve) -> JsonObject:
    tested = curve.tested
    return {
        "sizes": [*curve.sizes],
        "tried": [triple(item) for item in curve.tried],
        "ahead": [*curve.ahead],
        "path": [triple(item) for item in curve.path],
        "gains": [triple(item) for item in curve.gains],
        "tested": None if tested is None else [*triple(tested[0]), tested[1]],
    }
