"""Taking a project or a model away as a file."""

from pathlib import Path

from core.errors import BadInput, NotFound
from core.jobs.payloads import ExportPayload
from core.services.base import Service
from core.store import exports, predictions, projects, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import ProjectId, RunId, RunKind, RunState

__all__ = ["Exports", "RunRecord"]


class Exports(Service):
    """Zips made in the background. They may be deleted and made again."""

    def dataset(self, project_id: ProjectId) -> RunId:
        """Queue a zip of the project's pictures and labels. Raises NotFound, BadInput if it has no pictures."""
        with reading(self.engine) as session:
            project = projects.read_project(session, project_id)
            if exports.count_images(session, project_id)[0] == 0:
                raise BadInput(f"The project {project.name!r} has no pictures.", hint="Bring some in first.")
        return self.queue.enqueue(ExportPayload(kind="dataset"), project_id=project_id, name="Dataset")

    def model(self, run_id: RunId) -> RunId:
        """Queue a zip of the model that a training made. Raises NotFound, BadInput while there is none."""
        with reading(self.engine) as session:
            run = runs.read_run(session, run_id)
            if run.kind is not RunKind.TRAIN:
                raise BadInput(f"Run {run_id} is no training.", hint="`graft runs` lists the trainings.")
            if predictions.read_card(session, run_id) is None:
                raise BadInput(f"Run {run_id} has no model: it is {run.state.value}.", hint="Choose one that is done.")
        payload = ExportPayload(kind="model", model=run_id)
        return self.queue.enqueue(payload, project_id=run.project_id, name=f"Model of run {run_id}", parent_id=run_id)

    def path(self, run_id: RunId) -> Path:
        """The file that an export made. Raises NotFound while it is not there, or not any more."""
        run = self.queue.read(run_id)
        if run.kind is not RunKind.EXPORT or run.state is not RunState.DONE or run.result is None:
            raise NotFound(f"Run {run_id} has made no file to download.")
        path = self.settings.exports / str(run_id) / Path(str(run.result["file"])).name
        if not path.is_file():
            raise NotFound(f"The file of export {run_id} was deleted.", hint="Make it again.")
        return path

    def list(self, project_id: ProjectId) -> list[RunRecord]:
        """The project's newest exports, those whose files are kept."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.EXPORT], limit=exports.KEPT)
