"""Networks: a pretrained body, a new head, and their files. Torch; no database."""

from core.models.digest import digest
from core.models.ensemble import Ensemble, joint_logits, share_logits
from core.models.files import (
    LoadedModel,
    check_files,
    check_pretrained,
    load_model,
    read_card,
    save_body,
    save_ensemble,
    save_model,
)
from core.models.heads import OldHead, old_head
from core.models.likeness import JointLikeness, Likeness, some
from core.models.network import Network, calibrate_batch_norm, channels_last, hasten_batch_norm
from core.models.residuals import begin_residuals
from core.models.stages import frozen_to_eval, set_trainable, stages, units
from core.models.weights import knows_photographs, load_weights

__all__ = [
    "Ensemble",
    "JointLikeness",
    "Likeness",
    "LoadedModel",
    "Network",
    "OldHead",
    "begin_residuals",
    "calibrate_batch_norm",
    "channels_last",
    "check_files",
    "check_pretrained",
    "digest",
    "frozen_to_eval",
    "hasten_batch_norm",
    "joint_logits",
    "knows_photographs",
    "load_model",
    "load_weights",
    "old_head",
    "read_card",
    "save_body",
    "save_ensemble",
    "save_model",
    "set_trainable",
    "share_logits",
    "some",
    "stages",
    "units",
]  # fmt: skip
