"""The export job: a project's pictures and labels, or a trained model, as one zip."""

import shutil

from core.errors import BadInput
from core.jobs.context import JobContext
from core.jobs.payloads import ExportPayload
from core.store import runs
from core.store.db import reading
from core.store.exports import KEPT
from core.tasks.export_dataset import pack_dataset
from core.tasks.export_model import pack_model
from core.types import JsonObject, RunKind, RunState


def run(context: JobContext) -> JsonObject:
    """Make the zip; the result names it (`file`, in `exports/<run id>/`) and gives its size in bytes."""
    payload = ExportPayload.from_json(context.run.payload)
    if payload.kind == "model" and payload.model is None:
        raise BadInput("The export of a model needs the run that trained it.")
    result = pack_dataset(context) if payload.model is None else pack_model(context, payload.model)
    _delete_old(context)
    return result


def _delete_old(context: JobContext) -> None:
    """Delete the files of all but the project's newest exports: what was downloaded is not needed any more."""
    with reading(context.engine) as session:
        earlier = runs.list_runs(
            session, project_id=context.run.project_id, kinds=[RunKind.EXPORT], states=[RunState.DONE]
        )
    for run in earlier[KEPT - 1 :]:
        shutil.rmtree(context.settings.exports / str(run.id), ignore_errors=True)
