"""Teaching a network. Torch; no database."""

from core.training.batch_size import with_batch_size
from core.training.checkpoint import delete_checkpoint, keep_beside, load_checkpoint, load_decisions, save_decisions
from core.training.compiling import with_compiling
from core.training.fit import Fit, Part, Trainer, Watcher
from core.training.group import ALONE, Group, devices_for, together
from core.training.head import HeadFit, fit_head, fit_temperature
from core.training.member import Member
from core.training.plan import choose_batch_size
from core.training.precision import with_precision
from core.training.scores import score

__all__ = [
    "ALONE", "Fit", "Group", "HeadFit", "Member", "Part", "Trainer", "Watcher", "choose_batch_size",
    "delete_checkpoint", "devices_for", "fit_head", "fit_temperature", "keep_beside", "load_checkpoint",
    "load_decisions", "save_decisions", "score", "together", "with_batch_size", "with_compiling", "with_precision",
]  # fmt: skip
