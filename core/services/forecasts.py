"""What more pictures of each class should bring."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from core.charts.learning_curve import LearningCurve
from core.errors import BadInput
from core.evaluation import Interval, triple
from core.evaluation.forecast import Curve
from core.jobs.payloads import ForecastPayload
from core.services.base import Service
from core.store import runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import JsonObject, JsonValue, RunId, RunKind, RunState

__all__ = ["Expectation", "ForecastView", "Forecasts", "Interval", "LearningCurve", "forecast_json"]

CLEAR = 0.01
"""Least rise of recall, at the lower end of its interval, that is called one."""
POOR = 0.5
"""Share of the way from chance to perfect below which the head's forecasts are a direction at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A class's recall with the pictures there are, with `more`, and the difference. `clear`: that it rises at all."""

    name: str
    pictures: int
    now: Interval
    then: Interval
    gain: Interval

    @property
    def clear(self) -> bool:
        """Whether it can be told that more pictures help."""
        return self.gain.low >= CLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastView:
    """A finished forecast. `few` have too few pictures for one, `left_out` were not asked for: others are rarer.

    `together` is what was held out as one: "pictures", "cases" or "groups"; `least` is how many pictures, and how many
    of those, a class needs, `largest` how many the class has that has the most. Without curves nothing can be told.
    """

    features: str
    together: str
    poor: bool
    curves: tuple[LearningCurve, ...]
    few: tuple[str, ...]
    left_out: tuple[str, ...]
    least: tuple[int, int]
    largest: tuple[int, int]

    @property
    def most(self) -> int:
        """The largest number of additional pictures that can be asked for in any class; 0 where none has enough."""
        return max((int(item.curve.ahead[-1] - item.pictures) for item in self.curves), default=0)

    def expectations(self, more: int) -> list[Expectation]:
        """What `more` pictures of a class bring, the largest rise first; of classes where that is not too far off."""
        found = [
            Expectation(
                name=item.name,
                pictures=item.pictures,
                now=item.curve.path[0],
                then=_between(item.curve.ahead, item.curve.path, item.pictures + more),
                gain=_between(item.curve.ahead, item.curve.gains, item.pictures + more),
            )
            for item in self.curves
            if item.pictures + more <= item.curve.ahead[-1]
        ]
        return sorted(found, key=lambda item: -item.gain.value)

    def too_far(self, more: int) -> list[str]:
        """Classes of which `more` pictures would be over three times as many as there are."""
        return [item.name for item in self.curves if item.pictures + more > item.curve.ahead[-1]]


class Forecasts(Service):
    """Learning curves per class, and where they go on to."""

    def start(self, model: RunId) -> RunId:
        """Queue a forecast for a training's pictures, or find the one that waits or runs. Raises NotFound, BadInput."""
        with reading(self.engine) as session:
            trained = runs.read_run(session, model)
        if trained.kind is not RunKind.TRAIN or trained.version_id is None:
            raise BadInput(f"Run {model} is no training.", hint="Choose a training.")
        last = self.latest(model)
        if last is not None and not last.state.ended:
            return last.id
        payload = ForecastPayload(model=model)
        return self.queue.enqueue(payload, project_id=trained.project_id, name="Forecast", parent_id=model)

    def latest(self, model: RunId) -> RunRecord | None:
        """The newest forecast for a training's dataset version, in whatever state."""
        with reading(self.engine) as session:
            trained = runs.read_run(session, model)
            found = runs.list_runs(session, project_id=trained.project_id, kinds=[RunKind.FORECAST])
            peers = {item.id for item in runs.list_runs(session, project_id=trained.project_id, kinds=[RunKind.TRAIN])
                     if item.version_id == trained.version_id}  # fmt: skip
        return next((run for run in found if run.parent_id in peers), None)

    def view(self, run: RunRecord) -> ForecastView | None:
        """What was forecast; None while it is not done."""
        if run.state is not RunState.DONE or run.result is None:
            return None
        result = cast(dict[str, Any], run.result)  # written by core.tasks.forecast
        chance = result["chance"]
        return ForecastView(
            largest=tuple(result.get("largest", result["least"])),
            features=result["features"],
            together=result["together"],
            poor=(result["reached"] - chance) / (1 - chance) < POOR,
            curves=tuple(_curve(item) for item in result["curves"]),
            few=tuple(result["few"]),
            left_out=tuple(result["left_out"]),
            least=tuple(result["least"]),
        )


def forecast_json(view: ForecastView, more: int) -> JsonObject:
    """What `more` pictures of each class bring, the largest rise first; intervals are [value, low, high]."""
    classes: list[JsonValue] = [
        {
            "class": item.name,
            "pictures": item.pictures,
            **{name: triple(getattr(item, name)) for name in ("now", "then", "gain")},
            "clear": item.clear,
        }
        for item in view.expectations(more)
    ]
    tested: list[JsonValue] = [
        {"class": item.name, "said": triple(item.curve.tested[0]), "came": item.curve.tested[1]}
        for item in view.curves
        if item.curve.tested
    ]
    return {
        "features": view.features,
        "together": view.together,
        "more": more,
        "poor": view.poor,
        "classes": classes,
        "tested": tested,
        "few": list(view.few),
        "left_out": list(view.left_out),
        "too_far": list(view.too_far(more)),
        "least": list(view.least),
    }


def _curve(item: dict[str, Any]) -> LearningCurve:
    tested = item["tested"]
    curve = Curve(
        sizes=tuple(item["sizes"]),
        tried=tuple(Interval(*ends) for ends in item["tried"]),
        ahead=tuple(item["ahead"]),
        path=tuple(Interval(*ends) for ends in item["path"]),
        gains=tuple(Interval(*ends) for ends in item["gains"]),
        tested=None if tested is None else (Interval(*tested[:3]), tested[3]),
    )
    return LearningCurve(name=item["class"], pictures=item["pictures"], curve=curve)


def _between(ahead: tuple[float, ...], path: tuple[Interval, ...], where: float) -> Interval:
    value, low, high = (
        float(np.interp(where, ahead, [getattr(item, end) for item in path])) for end in ("value", "low", "high")
    )
    return Interval(value, low, high)
