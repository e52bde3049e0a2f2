"""What a model says of pictures. Torch; no database."""

from core.inference.answers import Answer, answers, median_grade, probabilities
from core.inference.device import choose_device, device_words
from core.inference.forward import BATCH, compute_features, compute_logits
from core.inference.pixels import frame_picture, to_batch

__all__ = [
    "BATCH", "Answer", "answers", "choose_device", "compute_features", "compute_logits", "device_words",
    "frame_picture", "median_grade", "probabilities", "to_batch",
]  # fmt: skip
