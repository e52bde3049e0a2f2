"""How many pictures a step learns from, where nobody said: found by trying, where a GPU learns faster from more."""

import dataclasses
from functools import partial
from math import sqrt

from core.inference import measure, recalled
from core.models import Network
from core.recipes import Recipe, larger_batches, usual_batch
from core.settings import Settings
from core.training.rehearsal import Rehearsal

TRIED_ON = ("cuda",)
AS_FAST = 1.1
"""A smaller batch is taken where no larger one is more than so many times as fast."""


def with_batch_size(network: Network, recipe: Recipe, pictures: int, settings: Settings, gpus: int = 1) -> Recipe:
    """The recipe with its `batch_size` and the learning rate that belongs to it, where a GPU is faster with more.

    A GPU that is given 32 pictures often waits for the next ones to be handed over. A processor does not: on two cores
    MobileNetV3-Small and ResNet-18 were at most 7 % faster with more than 32, which is not tried there. The rate grows
    with the batch for SGD (https://arxiv.org/abs/1706.02677), with its root for AdamW
    (https://arxiv.org/abs/2205.10287). `recipe.precision` is decided already; `gpus` share each batch.
    """
    usual, larger, device = usual_batch(pictures), larger_batches(pictures), network.head.weight.device
    if recipe.batch_size or device.type not in TRIED_ON or not larger:
        return recipe
    sizes = [usual, *larger]
    what = f"{sizes} pictures a step of {network.backbone} at {network.image_size}, {recipe.precision}, {gpus} together"
    half = recipe.precision == "bfloat16"
    found = int(recalled(settings, what, device, lambda: str(_fastest(network, sizes, gpus, half=half))))
    if found == usual:
        return recipe
    more = found / usual if recipe.optimizer == "sgd" else sqrt(found / usual)
    return dataclasses.replace(recipe, batch_size=found, learning_rate=recipe.learning_rate * more)


def _fastest(network: Network, sizes: list[int], gpus: int, *, half: bool) -> int:
    """The smallest that is about as fast as any, each tried with as many pictures; what does not fit is left out."""
    most = max(sizes)
    steps = Rehearsal(network, most // gpus).steps
    seconds = measure({str(size): partial(steps, most // size, half=half, pictures=size // gpus) for size in sizes})
    best = min(seconds.values(), default=0.0)
    return min((int(size) for size, took in seconds.items() if took <= AS_FAST * best), default=sizes[0])
