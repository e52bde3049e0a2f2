"""Which images are learnt from, chosen by, and kept for the end. Pure."""

from core.splits.assign import SplitItem, assign_splits

__all__ = ["SplitItem", "assign_splits"]
