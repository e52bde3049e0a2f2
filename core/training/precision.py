"""Numbers of 16 or 32 bits for a training: whichever this machine computes faster for this network."""

import copy
import dataclasses

import torch
from torch.nn import functional

from core.inference import has_bfloat16, remembered
from core.inference.runtimes import operations
from core.inference.trial import Try
from core.models import Network, channels_last
from core.recipes import Recipe
from core.settings import Settings
from core.training.plan import choose_batch_size

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
    tried = channels_last(copy.deepcopy(network)).train()
    device, size = network.head.weight.device, network.image_size
    pictures = torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(0)).to(device) * 255

    def step(half: bool) -> float:
        with torch.random.fork_rng():  # dropout must not move the run's own randomness
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                logits = tried(pictures)
            torch.autograd.backward(functional.mse_loss(logits.float(), torch.zeros_like(logits, dtype=torch.float32)))
        return float(logits.detach().sum())  # waits for a GPU

    return {"float32": lambda: step(False), "bfloat16": lambda: step(True)}
