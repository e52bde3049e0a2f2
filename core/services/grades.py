"""How far each way to explain a model can be trusted."""

from dataclasses import dataclass
from typing import Any, cast

from core.catalogue import EXPLANATIONS, ExplanationInfo
from core.errors import BadInput
from core.evaluation import Grade, Interval, best
from core.jobs.payloads import GradePayload
from core.services.base import Service
from core.store import predictions, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import RunId, RunKind, RunState

__all__ = ["Grade", "Grades", "GradesView", "Interval", "MethodGrade"]

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


class Grades(Service):
    """Tests of the ways to explain a model."""

    def start(self, model: RunId) -> RunId:
        """Queue a grading, or find the one that waits or runs. Raises NotFound, BadInput without a model."""
        with reading(self.engine) as session:
            trained = runs.read_run(session, model)
            if predictions.read_card(session, model) is None:
                raise BadInput(f"Run {model} has no model to explain.", hint="Choose a training that is done.")
        last = self.latest(model)
        if last is not None and not last.state.ended:
            return last.id
        payload = GradePayload(model=model)
        return self.queue.enqueue(payload, project_id=trained.project_id, name="Grading", parent_id=model)

    def latest(self, model: RunId) -> RunRecord | None:
        """The newest grading of a model, in whatever state."""
        return next(iter(self._all(model)), None)

    def newest(self, model: RunId) -> GradesView | None:
        """What the newest grading that is done found."""
        done = next((run for run in self._all(model) if run.state is RunState.DONE), None)
        return None if done is None else self.view(done)

    def default_method(self, model: RunId) -> str:
        """The best method that passes; Grad-CAM before any grading, or where none passes."""
        view = self.newest(model)
        return (view.best if view else None) or UNGRADED

    def cancel(self, run_id: RunId) -> bool:
        """Stop a grading."""
        return self.queue.cancel(run_id)

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

    def _all(self, model: RunId) -> list[RunRecord]:
        with reading(self.engine) as session:
            project = runs.read_run(session, model).project_id
            if project is None:
                return []
            found = runs.list_runs(session, project_id=project, kinds=[RunKind.GRADE])
        return [run for run in found if run.parent_id == model]


def _grade(item: dict[str, Any]) -> Grade:
    values = {name: item[name] for name in Grade.__dataclass_fields__}
    for name in ("gain", "pointing"):
        values[name] = None if item[name] is None else Interval(**item[name])
    return Grade(**{**values, "reasons": tuple(item["reasons"])})
