"""Models kept loaded, so that a second question about one is answered at once."""

import functools
import hashlib
import json
from pathlib import Path

from core.inference import choose_device
from core.jobs.context import JobContext
from core.models import LoadedModel, check_files, load_model
from core.store import predictions
from core.store.db import reading
from core.types import RunId

MOST_MODELS = 3


def model_hash(context: JobContext, run_id: RunId) -> str:
    """What stands for a run's model in cache keys: a hash of its files' hashes. Raises NotFound if it has none."""
    with reading(context.engine) as session:
        files = predictions.model_files(session, run_id)
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def warm_model(context: JobContext, run_id: RunId) -> LoadedModel:
    """The run's model on the device, in evaluation mode. Raises NotFound, GraftError for damaged files."""
    with reading(context.engine) as session:
        files = predictions.model_files(session, run_id)
    return _load(context.settings.models / str(run_id), tuple(files.items()), context.settings.device)


@functools.lru_cache(maxsize=MOST_MODELS)
def _load(folder: Path, files: tuple[tuple[str, object], ...], device: str) -> LoadedModel:
    # The hashes are part of the key: a run that was resumed has a new model in the same folder.
    check_files(folder, dict(files))
    return load_model(folder, str(choose_device(device)))
