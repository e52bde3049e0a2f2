"""What a network looks at: heatmaps of a class's logit over the picture. Torch; no database."""

from core.explanation.explain import METHODS, Method, explain
from core.explanation.overlay import heatmap_png, seen_box

__all__ = ["METHODS", "Method", "explain", "heatmap_png", "seen_box"]
