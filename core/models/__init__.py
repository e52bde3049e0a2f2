"""Networks: a pretrained body, a new head, and their files. Torch; no database."""

from core.models.files import LoadedModel, load_model, save_model
from core.models.network import Network, build_network, calibrate_batch_norm

__all__ = ["LoadedModel", "Network", "build_network", "calibrate_batch_norm", "load_model", "save_model"]
