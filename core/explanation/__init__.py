"""What a network looks at: heatmaps of a class's logit over the picture. Torch; no database."""

from core.explanation.explain import METHODS, Method, explain
from core.explanation.overlay import heatmap_png, paint, seen_box
from core.explanation.ways import Way, choose_way, way_again

__all__ = ["METHODS", "Method", "Way", "choose_way", "explain", "heatmap_png", "paint", "seen_box", "way_again"]
