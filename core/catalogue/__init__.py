"""Facts about models as data: backbones to choose from, ways to explain, and the card of a trained one. Pure."""

from core.catalogue.backbones import (
    BACKBONES,
    OTHER_PART,
    PARTS,
    BackboneInfo,
    all_backbones,
    backbone_info,
    published_weights,
    search_backbones,
    without_part,
)
from core.catalogue.card import ModelCard, in_words
from core.catalogue.explanations import EXPLANATIONS, ExplanationInfo
from core.catalogue.families import FAMILIES, Family
from core.catalogue.pretraining import (
    BUNDLED,
    COLLAPSED_RANK,
    COLLAPSED_SPREAD,
    PRETRAININGS,
    WEIGHTS_SUFFIXES,
    PretrainingInfo,
    WeightsCard,
    bundled_weights,
    ensure_pictures,
)

__all__ = [
    "BACKBONES", "BUNDLED", "COLLAPSED_RANK", "COLLAPSED_SPREAD", "EXPLANATIONS", "FAMILIES", "OTHER_PART", "PARTS",
    "PRETRAININGS",
    "WEIGHTS_SUFFIXES", "BackboneInfo", "ExplanationInfo", "Family", "ModelCard", "PretrainingInfo", "WeightsCard",
    "all_backbones", "backbone_info", "bundled_weights", "ensure_pictures", "in_words", "published_weights",
    "search_backbones",
    "without_part",
]  # fmt: skip
