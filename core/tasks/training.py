"""The training job: one training, or one for each fold of a cross-validation."""

from core.jobs.context import JobContext
from core.jobs.payloads import TrainPayload
from core.tasks import cross_validate, train
from core.types import JsonObject


def run(context: JobContext) -> JsonObject:
    """Train as the payload says."""
    payload = TrainPayload.from_json(context.run.payload)
    return cross_validate.run(context, payload) if payload.folds else train.run(context)
