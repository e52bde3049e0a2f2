"""Numbers of 16 or 32 bits for a training: whichever this machine computes faster for this network."""

import dataclasses
import functools

from core.inference import has_bfloat16, remembered
from core.inference.runtimes import operations
from core.inference.trial import Try
from core.models import Network
from core.recipes import Recipe
from core.settings import Settings
from core.training.plan import choose_batch_size
from core.training.trying import tried_copy, tried_step

TRYING, HEAVY = 3000, 1e12
"""So many pictures, epochs counted, or so many operations to look at them once, must be coming before three seconds of
trying pay."""
BATCH = 8


def with_precision(network: Network, recipe: Recipe, pictures: int, settings: Settings) -> Recipe:
    """The recipe with its `precision` decided.

    "auto" is float32 for a short training; for a longer one both are tried on a copy of the network, once per machine,
    so that the same recipe on the same pictures is computed alike again.
    """
    if recipe.precision != "auto":
        return recipe
    device = network.head.weight.device
    coming = pictures * recipe.epochs
    if not has_bfloat16(device) or (coming < TRYING and coming * operations(network) < HEAVY):
        return dataclasses.replace(recipe, precision="float32")
    what, batch = f"training {network.backbone} at {network.image_size}", BATCH
    if device.type == "cuda":  # what does not fill a GPU says nothing of what does
        batch = choose_batch_size(recipe, pictures)
        what += f", {batch} a step"
    choice = remembered(settings, what, device, lambda: _tries(network, batch))
    return recipe.with_settings({"precision": choice})


def _tries(network: Network, batch: int) -> dict[str, Try]:
    tried, pictures = tried_copy(network, batch)
    ways = {"float32": False, "bfloat16": True}
    return {name: functools.partial(tried_step, tried, pictures, half=half) for name, half in ways.items()}
