"""Facts about models as data: backbones to choose from, and the card of a trained one. Pure."""

from core.catalogue.backbones import BACKBONES, BackboneInfo
from core.catalogue.card import ModelCard, in_words
from core.catalogue.explanations import EXPLANATIONS, ExplanationInfo

__all__ = ["BACKBONES", "EXPLANATIONS", "BackboneInfo", "ExplanationInfo", "ModelCard", "in_words"]
