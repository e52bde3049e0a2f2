"""Facts about models as data: backbones to choose from, and the card of a trained one. Pure."""

from core.catalogue.backbones import BACKBONES, BackboneInfo
from core.catalogue.card import ModelCard

__all__ = ["BACKBONES", "BackboneInfo", "ModelCard"]
