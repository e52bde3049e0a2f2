"""What a label is, and how people's labels become one. Pure."""

from core.labels.classes import PALETTE, ClassSpec, validated_classes
from core.labels.matching import Match, match_classes
from core.labels.values import LabelValue

__all__ = ["PALETTE", "ClassSpec", "LabelValue", "Match", "match_classes", "validated_classes"]
