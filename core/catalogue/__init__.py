"""Facts about models as data: backbones to choose from, ways to explain, and the card of a trained one. Pure."""

from core.catalogue.backbones import BACKBONES, BackboneInfo, all_backbones, backbone_info, search_backbones
from core.catalogue.card import ModelCard, in_words
from core.catalogue.explanations import EXPLANATIONS, ExplanationInfo

__all__ = [
    "BACKBONES", "EXPLANATIONS", "BackboneInfo", "ExplanationInfo", "ModelCard", "all_backbones", "backbone_info",
    "in_words", "search_backbones",
]  # fmt: skip
