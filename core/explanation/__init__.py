"""What a network looks at: heatmaps of a class's logit over the picture. Torch; no database."""

from core.explanation.explain import METHODS, Method, explain
from core.explanation.overlay import heatmap_png, paint, seen_box
from core.explanation.precision import Precision, choose_precision

__all__ = ["METHODS", "Method", "Precision", "choose_precision", "explain", "heatmap_png", "paint", "seen_box"]
