"""What a model says of pictures. Torch; no database."""

from core.inference.answers import Answer, answers, median_grade, probabilities
from core.inference.device import choose_device, device_words, has_bfloat16
from core.inference.forward import BATCH, compute_features, compute_logits, head_logits
from core.inference.pixels import frame_picture, open_pixels, to_batch
from core.inference.runtimes import PLAIN, RUNTIMES, Forward, by_openvino, choose_runtime, worth_converting
from core.inference.traits import picture_colours, picture_traits
from core.inference.trial import machine, remembered

__all__ = [
    "BATCH", "PLAIN", "RUNTIMES", "Answer", "Forward", "answers", "by_openvino", "choose_device", "choose_runtime",
    "compute_features", "compute_logits", "device_words", "frame_picture", "has_bfloat16", "head_logits",
    "machine", "median_grade", "open_pixels", "picture_colours", "picture_traits", "probabilities", "remembered",
    "to_batch", "worth_converting",
]  # fmt: skip
