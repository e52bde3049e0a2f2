"""What a model says of pictures. Torch; no database."""

from core.inference.answers import Answer, answers, median_grade, probabilities
from core.inference.device import choose_device, device_words, has_bfloat16
from core.inference.forward import BATCH, compute_features, compute_logits, head_logits, pictures_at_once
from core.inference.pixels import frame_picture, open_pixels, to_batch
from core.inference.runtimes import PLAIN, RUNTIMES, Forward, by_openvino, choose_runtime, worth_converting
from core.inference.traits import picture_colours, picture_traits
from core.inference.trial import Try, machine, measure, recalled, remembered

__all__ = [
    "BATCH", "PLAIN", "RUNTIMES", "Answer", "Forward", "Try", "answers", "by_openvino", "choose_device",
    "choose_runtime", "compute_features", "compute_logits", "device_words", "frame_picture", "has_bfloat16",
    "head_logits", "machine", "measure", "median_grade", "open_pixels", "picture_colours", "picture_traits",
    "pictures_at_once", "probabilities", "recalled", "remembered", "to_batch", "worth_converting",
]  # fmt: skip
