"""Recipes: everything that decides how a model is trained, as one frozen value. Pure, standard library only."""

from core.recipes.presets import PRESETS, preset
from core.recipes.recipe import Recipe

__all__ = ["PRESETS", "Recipe", "preset"]
