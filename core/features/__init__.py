"""Caches of decoded pictures and of a frozen body's features. Torch; no database."""

from core.features.bodies import Sayings, cached_features
from core.features.pixels import PixelCache

__all__ = ["PixelCache", "Sayings", "cached_features"]
