"""Recipes: everything that decides how a model is trained, as one frozen value. Pure, standard library only."""

from core.recipes.presets import PRESETS, preset
from core.recipes.recipe import Recipe
from core.recipes.rules import AUTOMATIC, Choice, DataFacts, HyperRule, choose_recipe, hyper_rule
from core.recipes.studies import DEPTHS, PUBLISHED, PublishedComparison, depth_recipes, network_recipes

__all__ = [
    "AUTOMATIC", "DEPTHS", "PRESETS", "PUBLISHED", "Choice", "DataFacts", "HyperRule", "PublishedComparison", "Recipe",
    "choose_recipe", "depth_recipes", "hyper_rule", "network_recipes", "preset",
]  # fmt: skip
