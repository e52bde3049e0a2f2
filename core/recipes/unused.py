"""Settings that change nothing in a training: what it learns from, or how much of it learns, leaves them no place."""

from collections.abc import Iterable

from core.catalogue import backbone_info
from core.recipes.recipe import IMBALANCES, Recipe
from core.types import JsonObject, Task

OF_ALL_WEIGHTS = frozenset(
    {
        "batch_size", "optimizer", "backbone_factor", "layer_decay", "warmup", "schedule", "augmentation", "erase",
        "mixup", "cutmix", "ema", "compile",
    }
)  # fmt: skip
"""Settings that say nothing where only a linear head learns, on features that were computed once."""


def balancing(recipe: JsonObject, task: Task) -> str:
    """What is done for rare classes, as a recipe names it; "" where there is nothing that could be done."""
    asked = str(recipe.get("imbalance"))
    if task is Task.REGRESSION:
        return ""
    if asked == "sampling":
        return "ignore" if recipe.get("tune") == "head" else asked
    return "ignore" if recipe.get("loss") == "asymmetric" else asked


def balances(recipe: JsonObject, task: Task) -> tuple[str, ...]:
    """All that can be done for rare classes where the rest of the recipe stays; nothing for numbers."""
    return tuple(name for name in IMBALANCES if balancing({**recipe, "imbalance": name}, task) == name)


def why_unused(field: str, recipe: JsonObject, task: Task) -> str:
    """Why a field changes nothing, whatever its value, as half a sentence; "" where it counts."""
    numbers = task is Task.REGRESSION
    loss = recipe.get("loss")
    match field:
        case "imbalance" if numbers:
            return "numbers have no classes"
        case "imbalance" if recipe.get(field) == "sampling" and balancing(recipe, task) == "ignore":
            return "the last layer alone learns from all pictures at once"
        case "imbalance" if recipe.get(field) != balancing(recipe, task):
            return f"the loss {loss!r} weighs classes in its own way"
        case "label_smoothing" if numbers:
            return "numbers have no classes"
        case "label_smoothing" if task is Task.MULTI:
            return "each class is learnt for itself"
        case "label_smoothing" if loss != "standard":
            return f"the loss {loss!r} has no place for it"
        case "mixup" | "cutmix" if numbers:
            return "it blends classes, and these are numbers"
        case "no_bias_decay" if not recipe.get("weight_decay"):
            return "there is no weight decay"
        case "zero_gamma" if recipe.get("weights") != "none":
            return "it is for a network that starts from nothing"
        case "zero_gamma" if "gamma" in backbone_info(str(recipe.get("backbone"))).lacks:
            return "this network has no residual branches"
        case _ if field in OF_ALL_WEIGHTS and recipe.get("tune") == "head":
            return "only the last layer learns, and it sees each picture once, as it is"
        case _:
            return ""


def said_of_unused(recipe: Recipe, fields: Iterable[str], task: Task) -> tuple[str, ...]:
    """A sentence for each of the fields that were set to something and change nothing."""
    value, usual, found = recipe.to_json(), Recipe().to_json(), []
    for field in dict.fromkeys(fields):
        if value.get(field) == usual.get(field):
            continue
        if why := why_unused(field, value, task):
            found.append(f"{field} changes nothing here: {why}.")
    return tuple(found)
