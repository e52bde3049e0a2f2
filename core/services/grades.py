"""How far each way to explain a model can be trusted."""

from dataclasses import dataclass
from typing import Any, cast

from core.catalogue import EXPLANATIONS, ExplanationInfo
from core.evaluation import Grade, Interval, best
from core.jobs.payloads import GradePayload
from core.services.about_model import AboutModel
from core.store.runs import RunRecord
from core.types import JsonObject, JsonValue, RunId, RunKind, RunState

__all__ = ["Grade", "Grades", "GradesView", "Interval", "MethodGrade", "grade_json", "grades_json"]

UNGRADED = "gradcam"
"""What explains before any method was graded, or when none passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodGrade:
    """A method, its tests, and what a heatmap cost."""

    info: ExplanationInfo
    grade: Grade
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GradesView:
    """A finished grading, the best first. `best` is None where no method passes."""

    run: RunRecord
    pictures: int
    split: str
    circled: int
    methods: tuple[MethodGrade, ...]
    best: str | None

    @property
    def basis(self) -> str:
        """That one set of pictures serves for choosing and for telling."""
        return "The best is chosen on the pictures that its figures are of, which flatters it a little."


class Grades(AboutModel):
    """Tests of the ways to explain a model."""

    kind = RunKind.GRADE

    def start(self, model: RunId) -> RunId:
        """Queue a grading, or find the one that waits or runs. Raises NotFound, BadInput without a model."""
        return self._start(model, GradePayload(model=model), name="Grading", purpose="explain")

    def newest(self, model: RunId) -> GradesView | None:
        """What the newest grading that is done found."""
        done = next((run for run in self._about(model) if run.state is RunState.DONE), None)
        return None if done is None else self.view(done)

    def default_method(self, model: RunId) -> str:
        """The best method that passes; Grad-CAM before any grading, or where none passes."""
        view = self.newest(model)
        return (view.best if view else None) or UNGRADED

    def view(self, run: RunRecord) -> GradesView | None:
        """What a grading found; None while it is not done."""
        if run.state is not RunState.DONE or run.result is None:
            return None
        result = cast(dict[str, Any], run.result)  # written by core.tasks.grade
        known = [item for item in result["methods"] if item["method"] in EXPLANATIONS]
        grades = {item["method"]: _grade(item) for item in known}
        return GradesView(
            run=run,
            pictures=result["pictures"],
            split=result["split"],
            circled=result["circled"],
            methods=tuple(
                MethodGrade(info=EXPLANATIONS[item["method"]], grade=grades[item["method"]], seconds=item["seconds"])
                for item in known
            ),
            best=best(grades, {item["method"]: item["seconds"] for item in known}),
        )


def _grade(item: dict[str, Any]) -> Grade:
    values = {name: item[name] for name in Grade.__dataclass_fields__}
    for name in ("gain", "pointing"):
        values[name] = None if item[name] is None else Interval(**item[name])
    return Grade(**{**values, "reasons": tuple(item["reasons"])})


def grades_json(view: GradesView) -> JsonObject:
    """A grading: what it rests on, the best method, and each one's tests, the best first."""
    methods: list[JsonValue] = [
        {
            "method": item.info.name,
            "title": item.info.title,
            "seconds": item.seconds,
            **(grade_json(view, item.info.name) or {}),
        }
        for item in view.methods
    ]
    return {
        "pictures": view.pictures,
        "split": view.split,
        "basis": view.basis,
        "circled": view.circled,
        "best": view.best,
        "methods": methods,
    }


def grade_json(view: GradesView | None, method: str) -> JsonObject | None:
    """How one method did; None before any grading, or for one that was not graded."""
    found = next((item.grade for item in view.methods if item.info.name == method), None) if view else None
    if view is None or found is None:
        return None

    def ends(value: Interval | None) -> JsonObject | None:
        return None if value is None else {"value": value.value, "low": value.low, "high": value.high}

    return {
        "passes": found.passes,
        "best": view.best == method,
        "deletion": found.deletion,
        "insertion": found.insertion,
        "above_chance": ends(found.gain),
        "pointing": ends(found.pointing),
        "pointing_chance": found.chance,
        "alike_with_random_weights": found.alike,
        "reasons": list(found.reasons),
    }
