"""The export job: a project's pictures and labels, or a trained model, as one zip."""

from core.errors import BadInput
from core.jobs.context import JobContext
from core.jobs.payloads import ExportPayload
from core.tasks.export_dataset import pack_dataset
from core.tasks.export_model import pack_model
from core.types import JsonObject


def run(context: JobContext) -> JsonObject:
    """Make the zip; the result names it (`file`, in `exports/<run id>/`) and gives its size in bytes."""
    payload = ExportPayload.from_json(context.run.payload)
    if payload.kind == "dataset":
        return pack_dataset(context)
    if payload.model is None:
        raise BadInput("The export of a model needs the run that trained it.")
    return pack_model(context, payload.model)
