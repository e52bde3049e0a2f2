"""torch.compile where it saves more than it costs: https://docs.pytorch.org/docs/stable/generated/torch.compile.html.

Compiling took 8 to 160 s on two cores, again for each set of stages that learns: more than most trainings here save.
"""

import dataclasses
import json
import time
from dataclasses import dataclass
from math import ceil
from typing import cast

import torch
from torch import Tensor, nn

from core.inference.trial import recalled
from core.models import Network
from core.models.stages import MOST_STAGES
from core.recipes import Recipe
from core.settings import Settings
from core.training.plan import choose_batch_size, thawed_stages
from core.training.trying import tried_copy, tried_step

TRYING = 100_000
"""So many pictures, epochs counted, must be coming before a minute of trying pays."""
STEPS = 5


@dataclass(frozen=True, slots=True)
class Gain:
    """What compiling costs, and saves per step, in seconds; or the first line of why it is not possible."""

    cost: float = 0.0
    saved: float = 0.0
    failed: str = ""


def with_compiling(network: Network, recipe: Recipe, pictures: int, settings: Settings) -> tuple[Recipe, str]:
    """The recipe with its `compile` decided ("on" or "off"), and a sentence that says why, if it was asked for.

    `recipe.precision` is decided already. Cost and gain are measured on a copy of the network, once per machine.
    """
    chosen = recipe.compile
    if chosen == "off":
        return recipe, ""
    if recipe.tune == "two_step" or (chosen == "auto" and pictures * recipe.epochs < TRYING):
        return _off(recipe, "compiling takes longer than it saves in a training of this length")
    batch = choose_batch_size(recipe, pictures)
    gain = _gain(network, recipe, batch, settings)
    if gain.failed:
        return _off(recipe, f"this machine cannot compile it ({gain.failed})")
    steps = ceil(pictures / batch)
    times = len({thawed_stages(recipe, epoch, MOST_STAGES) for epoch in range(1, recipe.epochs + 1)})
    times *= 1 if pictures % steps == 0 else 2  # batches of two lengths
    saved, cost = steps * recipe.epochs * gain.saved, times * gain.cost
    if chosen == "auto" and saved <= cost:
        return _off(recipe, f"compiling would cost {cost:.0f} s and save {max(0.0, saved):.0f} s")
    words = f"Compiled by torch.compile: it costs about {cost:.0f} s and saves about {saved:.0f} s."
    return dataclasses.replace(recipe, compile="on"), words


def _off(recipe: Recipe, why: str) -> tuple[Recipe, str]:
    return dataclasses.replace(recipe, compile="off"), f"Not compiled: {why}."


def compiled(model: nn.Module) -> nn.Module:
    """The model, compiled at its first step."""
    torch.compiler.reset()  # of one that was thawed since nothing is used again, and only a few are kept
    return cast(nn.Module, torch.compile(model))


def _gain(network: Network, recipe: Recipe, batch: int, settings: Settings) -> Gain:
    device = network.head.weight.device
    what = f"compiling {network.backbone} at {network.image_size}, {batch} a step, {recipe.precision}"
    return Gain(**json.loads(recalled(settings, what, device, lambda: json.dumps(_measured(network, recipe, batch)))))


def _measured(network: Network, recipe: Recipe, batch: int) -> dict[str, object]:
    tried, pictures = tried_copy(network, batch)
    half = recipe.precision == "bfloat16"
    try:
        fast = compiled(tried)
        cost = _seconds(fast, pictures, half=half)
        each = [min(_seconds(way, pictures, half=half) for _ in range(STEPS)) for way in (tried, fast)]
    except Exception as error:  # no compiler, a layer it does not know: whatever its many parts raise
        return {"failed": str(error).partition("\n")[0][:200]}
    return {"cost": cost, "saved": each[0] - each[1]}


def _seconds(model: nn.Module, pictures: Tensor, *, half: bool) -> float:
    begun = time.perf_counter()
    tried_step(model, pictures, half=half)
    return time.perf_counter() - begun
