"""What a label is, and how people's labels become one. Pure."""

from core.labels.circles import MOST as MOST_CIRCLES
from core.labels.circles import Circle
from core.labels.classes import PALETTE, ClassSpec, same_name, tidy_name, validated_classes
from core.labels.matching import Match, match_classes
from core.labels.values import LabelValue

__all__ = [
    "MOST_CIRCLES", "PALETTE", "Circle", "ClassSpec", "LabelValue", "Match", "match_classes", "same_name", "tidy_name",
    "validated_classes",
]  # fmt: skip
