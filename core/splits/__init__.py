"""Which images a model learns from, which choose it, and which judge it. Pure."""

from core.splits.assign import SplitItem, assign_splits
from core.splits.folds import JUDGED, Fold, make_folds, shuffle_splits
from core.splits.outlook import Outlook, lacking_words, outlook
from core.splits.strata import class_strata, number_strata
from core.splits.together import whole_groups

__all__ = [
    "JUDGED", "Fold", "Outlook", "SplitItem", "assign_splits", "class_strata", "lacking_words", "make_folds",
    "number_strata", "outlook", "shuffle_splits", "whole_groups",
]  # fmt: skip
