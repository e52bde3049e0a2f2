"""Facts about models as data: backbones to choose from, and the card of a trained one. Pure."""

from core.catalogue.backbones import BACKBONES, BackboneInfo, all_backbones, backbone_info, search_backbones
from core.catalogue.card import ModelCard

__all__ = ["BACKBONES", "BackboneInfo", "ModelCard", "all_backbones", "backbone_info", "search_backbones"]
