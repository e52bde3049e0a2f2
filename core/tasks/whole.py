"""What a run starts from is held against its hash first: damaged weights learn and answer, too, and wrongly."""

from core.jobs.context import JobContext
from core.models import check_files, check_pretrained
from core.recipes import earlier_model
from core.store import predictions
from core.store.db import reading
from core.types import RunId


def check_weights(context: JobContext, weights: str) -> None:
    """Look at weights that a run wrote, named as in a recipe; others are looked at where they are read.

    Raises NotFound if they are gone, GraftError if they are damaged.
    """
    earlier = earlier_model(weights)
    if earlier is None:
        return
    run_id, folder = RunId(earlier.run), context.settings.models / str(earlier.run)
    with reading(context.engine) as session:
        trained = predictions.read_card(session, run_id) is not None
        files = predictions.model_files(session, run_id) if trained else {}
    if trained:
        check_files(folder, files)
    else:
        check_pretrained(folder)
