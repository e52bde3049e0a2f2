"""Recipes: everything that decides how a model is trained, as one frozen value. Pure, standard library only."""

from core.recipes.presets import PRESETS, preset
from core.recipes.recipe import Recipe
from core.recipes.studies import DEPTHS, PUBLISHED, PublishedComparison, depth_recipes, network_recipes

__all__ = [
    "DEPTHS", "PRESETS", "PUBLISHED", "PublishedComparison", "Recipe", "depth_recipes", "network_recipes", "preset",
]  # fmt: skip
