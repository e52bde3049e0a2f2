"""Learning-rate range tests: starting them, and what they found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.catalogue import backbone_info
from core.errors import NotFound
from core.jobs.payloads import RatesPayload
from core.recipes import Recipe
from core.services.base import Service
from core.services.dataset import freeze
from core.services.weights import parent_of, settled
from core.store import projects
from core.store.db import writing
from core.store.runs import RunRecord
from core.types import JsonValue, ProjectId, RunId, RunKind

__all__ = ["Rates", "RatesView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesView:
    """A range test as it stands. `losses` and `smoothed` are (n,) at `rates`; `suggested` is None if none is good."""

    run: RunRecord
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggested: float | None


class Rates(Service):
    """Range tests of a project."""

    def start(self, project_id: ProjectId, recipe: Recipe) -> RunId:
        """Freeze the labels as a dataset version and queue a test of the recipe on it.

        Raises BadInput for a recipe that cannot be trained, NotEnoughImages with the smallest number.
        """
        recipe = settled(self.engine, recipe)
        parent = parent_of(self.engine, self.settings, recipe.weights, recipe.backbone)
        backbone_info(recipe.backbone).check_part(recipe.tune)
        with writing(self.engine) as session:
            project = projects.read_project(session, project_id)
            recipe.check_task(project.task)
            version_id = freeze(session, project, now=datetime.now(UTC))
        return self.queue.enqueue(
            RatesPayload(), project_id=project_id, recipe=recipe.to_json(), version_id=version_id, parent_id=parent
        )

    def read(self, run_id: RunId) -> RatesView:
        """The test as it stands. Raises NotFound."""
        run = self.queue.read(run_id)
        if run.kind is not RunKind.RATES:
            raise NotFound(f"Run {run_id} is no range test.")
        result = run.result or {}
        suggested = result.get("suggested")
        return RatesView(
            run=run,
            rates=_numbers(result.get("rates")),
            losses=_numbers(result.get("losses")),
            smoothed=_numbers(result.get("smoothed")),
            suggested=float(suggested) if isinstance(suggested, int | float) else None,
        )


def _numbers(value: JsonValue) -> tuple[float, ...]:
    values: Sequence[JsonValue] = value if isinstance(value, list) else []
    return tuple(float(str(item)) for item in values)
