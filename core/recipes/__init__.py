"""Recipes: everything that decides how a model is trained, as one frozen value. Pure, standard library only."""

from core.recipes.batches import larger_batches, usual_batch
from core.recipes.earlier import EarlierModel, earlier_model
from core.recipes.presets import PRESETS, preset
from core.recipes.recipe import LARGEST_SEED, TWO_BRANCHES, Recipe, completed, ensure_weights
from core.recipes.rules import (
    ACCURATE,
    AUTOMATIC,
    OUT_OF_REACH,
    SMALL,
    Choice,
    DataFacts,
    HyperRule,
    choose_recipe,
    hyper_rule,
)
from core.recipes.search import AXES, BACKBONE, USUAL, Options, Space, Span, search_space
from core.recipes.starts import from_nothing, head_recipe, starting_from
from core.recipes.studies import (
    DEPTHS,
    PUBLISHED,
    PublishedComparison,
    depth_recipes,
    network_recipes,
)
from core.recipes.unused import balances, balancing, said_of_unused, why_unused

__all__ = [
    "ACCURATE", "AUTOMATIC", "AXES", "BACKBONE", "DEPTHS", "LARGEST_SEED", "OUT_OF_REACH", "PRESETS", "PUBLISHED",
    "SMALL", "TWO_BRANCHES", "USUAL", "Choice", "DataFacts", "EarlierModel", "HyperRule", "Options",
    "PublishedComparison", "Recipe", "Space", "Span", "balances", "balancing", "choose_recipe", "completed",
    "depth_recipes", "earlier_model", "ensure_weights", "from_nothing", "head_recipe", "hyper_rule", "larger_batches",
    "network_recipes", "preset", "said_of_unused", "search_space", "starting_from", "usual_batch", "why_unused",
]  # fmt: skip
