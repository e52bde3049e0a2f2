"""What a network knows before it is trained decides how boldly it may learn."""

import dataclasses
from collections.abc import Collection

from core.recipes.presets import PRESETS
from core.recipes.recipe import TWO_BRANCHES, Recipe


def starting_from(recipe: Recipe, weights: str, *, photographs: bool) -> Recipe:
    """The recipe for a network that starts from `weights`; `photographs`: they have seen millions of those.

    These are changed gently, as presets are. What drawn pictures taught, or a person's own without labels, is less,
    and all of it learns at the head's rate until the end: validation of a few pictures cannot say when to stop, and
    what comes last, at small rates, is worth much (measured: docs/training.md). A head alone stays alone.
    """
    started = dataclasses.replace(recipe, weights=weights)
    if weights == "none":
        return from_nothing(started)
    if photographs or recipe.tune == "head":
        return started
    return dataclasses.replace(started, tune="all", backbone_factor=1.0, patience=0)


OF_THE_HEAD = ("epochs", "patience", "learning_rate", "weight_decay")
"""What a head that learns alone takes from Instant."""


def head_recipe(recipe: Recipe, held: Collection[str] = ()) -> Recipe:
    """The same with the head alone learning, on features computed once: as long, and as fast, as in Instant.

    Fields that a person has set, by name, are `held`: they stay as they are.
    """
    instant = PRESETS["instant"].to_json()
    changes = {name: instant[name] for name in OF_THE_HEAD if name not in held}
    return dataclasses.replace(recipe, **{**changes, "tune": "head"})  # type: ignore[arg-type]


def from_nothing(recipe: Recipe) -> Recipe:
    """The same for a network without pretrained weights: all of it learns, at one rate, two branches in two steps.

    There is nothing to freeze or to be gentle with (https://arxiv.org/abs/1811.08883). A recipe for the head alone
    becomes Balanced, but for those fields in which it differs from Instant.
    """
    tune = "two_step" if recipe.backbone == TWO_BRANCHES else "all"
    return dataclasses.replace(for_the_network(recipe), weights="none", tune=tune, backbone_factor=1.0, zero_gamma=True)


def for_the_network(recipe: Recipe) -> Recipe:
    """The same, but Balanced in place of Instant, whose epochs and rate are the head's: what was set stays set."""
    if recipe.tune != "head":
        return recipe
    instant = PRESETS["instant"].to_json()
    own = {name: value for name, value in recipe.to_json().items() if value != instant[name]}
    return dataclasses.replace(PRESETS["balanced"], **{**own, "preset": recipe.preset})  # type: ignore[arg-type]
