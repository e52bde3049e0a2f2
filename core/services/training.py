"""Starting trainings and following them."""

from datetime import UTC, datetime

from core.catalogue import BackboneInfo, backbone_info, search_backbones
from core.errors import NotFound
from core.evaluation import SCORE_NAMES
from core.jobs.payloads import TrainPayload
from core.recipes import Recipe
from core.services.base import Service
from core.services.dataset import freeze
from core.services.weights import parent_of
from core.store import projects, runs
from core.store.db import reading, writing
from core.store.runs import RunRecord
from core.types import ProjectId, RunId, RunKind, RunState

__all__ = ["BackboneInfo", "RunRecord", "Training", "search_backbones"]

LOG_BYTES = 20_000


class Training(Service):
    """Trainings of a project."""

    def start(self, project_id: ProjectId, recipe: Recipe, name: str = "") -> RunId:
        """Freeze the labels as a dataset version and queue a training on it.

        Raises BadInput for a recipe that cannot be trained, NotEnoughImages with the smallest number.
        """
        backbone_info(recipe.backbone)
        parent = parent_of(self.engine, recipe.weights, recipe.backbone)
        with writing(self.engine) as session:
            project = projects.read_project(session, project_id)
            version_id = freeze(session, project, now=datetime.now(UTC))
        return self.queue.enqueue(
            TrainPayload(),
            project_id=project_id,
            name=name,
            recipe=recipe.to_json(),
            version_id=version_id,
            parent_id=parent,
        )

    def read(self, run_id: RunId) -> RunRecord:
        """The run as it stands. Raises NotFound."""
        return self.queue.read(run_id)

    def runs_ahead(self, run_id: RunId) -> int:
        """How many trainings must end before a queued one starts."""
        with reading(self.engine) as session:
            return runs.count_ahead(session, runs.read_run(session, run_id))

    def curves(self, run_id: RunId) -> dict[str, list[tuple[int, float]]]:
        """Name -> points (step, value)."""
        with reading(self.engine) as session:
            return runs.read_metrics(session, run_id)

    def score_name(self, run_id: RunId) -> str:
        """What "validation/score" is for the run's task, in words."""
        with reading(self.engine) as session:
            project_id = runs.read_run(session, run_id).project_id
            if project_id is None:
                raise NotFound(f"Run {run_id} belongs to no project.")
            return SCORE_NAMES[projects.read_project(session, project_id).task]

    def log(self, run_id: RunId) -> str:
        """The end of the run's log; empty before it starts."""
        path = self.settings.logs / f"run-{run_id}.log"
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return file.read().decode("utf-8", "replace")

    def cancel(self, run_id: RunId) -> bool:
        """Ask a training to stop."""
        return self.queue.cancel(run_id)

    def resume(self, run_id: RunId) -> bool:
        """Queue a failed or stopped training again; it goes on from its checkpoint."""
        return self.queue.resume(run_id)

    def with_models(self, project_id: ProjectId) -> "list[RunRecord]":
        """The project's trainings that ended with a model, newest first."""
        return [run for run in self.list(project_id) if run.state is RunState.DONE]

    # Last, because it hides the built-in `list` from what follows in this class.
    def list(self, project_id: ProjectId) -> list[RunRecord]:
        """The project's trainings, newest first."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN])
