"""torch.compile where it saves more than it costs: https://docs.pytorch.org/docs/stable/generated/torch.compile.html.

Compiling took 8 to 160 s on two cores, again for each set of stages that learns: more than most trainings here save.
"""

import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import cast

import torch
from torch import nn

from core.inference import recalled
from core.models import Network
from core.models.stages import MOST_STAGES
from core.recipes import Recipe
from core.settings import Settings
from core.training.plan import choose_batch_size, thawed_stages
from core.training.rehearsal import Rehearsal

COMING, TRYING_S = 20_000, 1200.0
"""So many pictures, epochs counted, must be coming before it is even seen how long they take; and steps of so many
seconds before a minute or two of trying pay."""
STEPS = 5


@dataclass(frozen=True, slots=True)
class Gain:
    """What compiling costs, and saves per step, in seconds; or the first line of why it is not possible."""

    cost: float = 0.0
    saved: float = 0.0
    failed: str = ""


def with_compiling(
    network: Network, recipe: Recipe, pictures: int, settings: Settings, gpus: int = 1
) -> tuple[Recipe, str]:
    """The recipe with its `compile` decided ("on" or "off"), and a sentence that says why; "" where it is plain.

    `recipe.precision` and `batch_size` are decided already. What a step takes, and what compiling costs and saves, is
    measured on a copy of the network, once per machine. `gpus` learn together.
    """
    chosen, coming = recipe.compile, pictures * recipe.epochs
    alone = recipe.tune != "two_step" and gpus == 1
    if chosen == "off" or (chosen == "auto" and not (alone and coming >= COMING)):
        return dataclasses.replace(recipe, compile="off"), ""
    if not alone:
        return _off(recipe, "several GPUs learn together" if gpus > 1 else "its branches learn apart first")
    batch = choose_batch_size(recipe, pictures)
    steps = ceil(pictures / batch)
    if chosen == "auto" and steps * recipe.epochs * _step_seconds(network, recipe, batch, settings) < TRYING_S:
        return dataclasses.replace(recipe, compile="off"), ""
    gain = _gain(network, recipe, batch, settings)
    if gain.failed:
        return _off(recipe, f"this machine cannot compile it ({gain.failed})")
    times = len({thawed_stages(recipe, epoch, MOST_STAGES) for epoch in range(1, recipe.epochs + 1)})
    times *= 1 if pictures % steps == 0 else 2  # batches of two lengths
    saved, cost = steps * recipe.epochs * gain.saved, times * gain.cost
    if chosen == "auto" and saved <= cost:
        return _off(recipe, f"compiling would cost {cost:.0f} s and save {max(0.0, saved):.0f} s")
    words = f"Compiled by torch.compile: it costs about {cost:.0f} s and saves about {max(0.0, saved):.0f} s."
    return dataclasses.replace(recipe, compile="on"), words


def _off(recipe: Recipe, why: str) -> tuple[Recipe, str]:
    return dataclasses.replace(recipe, compile="off"), f"Not compiled: {why}."


def compiled(model: nn.Module) -> nn.Module:
    """The model, compiled at its first step."""
    torch.compiler.reset()  # of one that was thawed since nothing is used again, and only a few are kept
    return cast(nn.Module, torch.compile(model))


def _step_seconds(network: Network, recipe: Recipe, batch: int, settings: Settings) -> float:
    def find() -> str:
        rehearsal = Rehearsal(network, batch)
        return str(_least_seconds(partial(rehearsal.steps, half=recipe.precision == "bfloat16")))

    return float(recalled(settings, f"a step of {_what(network, recipe, batch)}", network.head.weight.device, find))


def _gain(network: Network, recipe: Recipe, batch: int, settings: Settings) -> Gain:
    def find() -> str:
        return json.dumps(_measured(network, recipe, batch))

    what = f"compiling {_what(network, recipe, batch)}"
    return Gain(**json.loads(recalled(settings, what, network.head.weight.device, find)))


def _what(network: Network, recipe: Recipe, batch: int) -> str:
    return f"{network.backbone} at {network.image_size}, {batch} a step, {recipe.precision}"


def _measured(network: Network, recipe: Recipe, batch: int) -> dict[str, object]:
    rehearsal, half = Rehearsal(network, batch), recipe.precision == "bfloat16"
    try:
        fast = compiled(rehearsal.network)
        cost = _seconds(partial(rehearsal.steps, half=half, model=fast))
        each = [_least_seconds(partial(rehearsal.steps, half=half, model=way)) for way in (rehearsal.network, fast)]
    except Exception as error:  # no compiler, a layer it does not know: whatever its many parts raise
        return {"failed": str(error).partition("\n")[0][:200]}
    return {"cost": cost, "saved": each[0] - each[1]}


def _least_seconds(step: Callable[[], None]) -> float:
    return min(_seconds(step) for _ in range(STEPS))


def _seconds(step: Callable[[], None]) -> float:
    begun = time.perf_counter()
    step()
    return time.perf_counter() - begun
