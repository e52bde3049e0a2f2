"""What a run starts from is held against its hash first: damaged weights learn and answer, too, and wrongly.

Of a training that failed, its best epoch can be gone on from: its checkpoint has a checksum of its own.
"""

from pathlib import Path

from torch import Tensor

from core.errors import GraftError
from core.jobs.context import JobContext
from core.models import Network, check_files, check_pretrained, load_weights
from core.models.files import WEIGHTS
from core.models.parts import merged_state
from core.models.weights import fit_state
from core.recipes import earlier_model
from core.store import predictions
from core.store.db import reading
from core.training import load_checkpoint
from core.types import RunId


def start_from(context: JobContext, network: Network, weights: str) -> None:
    """Fill the network's body as `load_weights`; what a run wrote is looked at first.

    Raises NotFound if it is gone, GraftError if it is damaged, and what `load_weights` raises.
    """
    earlier = earlier_model(weights)
    if earlier is not None:
        settings, run_id = context.settings, RunId(earlier.run)
        folder = settings.models / str(earlier.run)
        if not earlier.fold and settings.checkpoint(run_id).is_file() and not (folder / WEIGHTS).is_file():
            fit_state(network, _kept(folder), weights)
            return
        _check(context, run_id)
    load_weights(network, weights, context.settings)


def _kept(folder: Path) -> dict[str, Tensor]:
    """The best epoch's weights of a training that did not end well."""
    state = load_checkpoint(folder)
    if state is None or not state.get("best_state"):
        raise GraftError(f"What run {folder.name} had learnt is damaged.", hint="Start from other weights.")
    return merged_state(state["best_state"])


def _check(context: JobContext, run_id: RunId) -> None:
    folder = context.settings.models / str(run_id)
    with reading(context.engine) as session:
        trained = predictions.read_card(session, run_id) is not None
        files = predictions.model_files(session, run_id) if trained else {}
    if trained:
        check_files(folder, files)
    else:
        check_pretrained(folder)
