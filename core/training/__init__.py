"""Teaching a network. Torch; no database."""

from core.training.checkpoint import delete_checkpoint, load_checkpoint
from core.training.fit import Fit, Part, Trainer, Watcher
from core.training.head import HeadFit, fit_head, fit_temperature
from core.training.precision import with_precision
from core.training.scores import score

__all__ = [
    "Fit", "HeadFit", "Part", "Trainer", "Watcher", "delete_checkpoint", "fit_head",
    "fit_temperature", "load_checkpoint", "score", "with_precision",
]  # fmt: skip
