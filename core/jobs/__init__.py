"""Background jobs: a queue in the database, a child process per run. No torch; knows no job body."""

from core.jobs.context import JobContext
from core.jobs.execute import Handler, execute
from core.jobs.payloads import (
    EvaluatePayload,
    ExplainPayload,
    ExportPayload,
    ImportPayload,
    Payload,
    PredictPayload,
    TrainPayload,
)
from core.jobs.process import LaneWorker
from core.jobs.queue import Queue

__all__ = [
    "EvaluatePayload", "ExplainPayload", "ExportPayload", "Handler", "ImportPayload", "JobContext", "LaneWorker",
    "Payload", "PredictPayload", "Queue", "TrainPayload", "execute",
]  # fmt: skip
