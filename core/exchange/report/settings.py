"""A recipe's settings in words."""

from pathlib import PurePath

from core.catalogue import backbone_info
from core.recipes import balancing, earlier_model, why_unused
from core.types import JsonObject, JsonValue, Task

START = {
    "imagenet": "pretrained on ImageNet",
    "bundled": "pretrained on pictures drawn by formula",
    "none": "with random weights",
}
TUNED = {
    "head": "its features were kept and a linear head was trained on them",
    "gradual": "a linear head was trained first and the backbone then unfrozen stage by stage",
    "two_step": "its two branches were trained apart, then joined and unfrozen from the top",
    "all": "all its weights were fine-tuned",
    "norm": "its norm layers and a linear head were fine-tuned",
    "bias": "its biases and a linear head were fine-tuned",
    "attention": "its attention and a linear head were fine-tuned",
    "last:0": "its features were kept and a linear head was trained on varied pictures",
}
ERASED = "partly hidden at random (arXiv 1708.04896)"
STAGES = 5
"""Stages into which every network is divided."""
VARIED = {
    "none": "as they are",
    "light": "slightly shifted and lit differently at random",
    "standard": "mirrored, turned, shifted and lit differently at random",
    "strong": "strongly mirrored, turned, shifted and lit differently at random",
    "trivial": "varied by TrivialAugment (arXiv 2103.10158)",
    "rand": "varied by RandAugment (arXiv 1909.13719)",
}
SAYS = {
    Task.SINGLE: "It says the class with the highest probability.",
    Task.ORDINAL: "It says the median grade of its probabilities, which is off by the fewest grades on average.",
    Task.MULTI: "It says each class whose probability reaches a threshold of that class, the one of the best F1 on the "
    "validation pictures.",
    Task.REGRESSION: "",
}
OPTIMIZERS = {"adamw": "AdamW", "sgd": "SGD with Nesterov's momentum of 0.9"}
OFF = "off"
NOT_USED = "not used by this training"
MEANING: dict[str, dict[str, str]] = {
    "patience": {"0": "never ended early"},
    "batch_size": {"0": "by the number of pictures"},
    "layer_decay": {"1.0": OFF},
    "warmup": {"0.0": OFF},
    "label_smoothing": {"0.0": OFF},
    "erase": {"0.0": OFF},
    "mixup": {"0.0": OFF},
    "cutmix": {"0.0": OFF},
    "ema": {"0.0": OFF},
    "zero_gamma": {"False": OFF, "True": "on"},
    "no_bias_decay": {"True": "biases and norms are spared", "False": "biases and norms are drawn to 0, too"},
    "schedule": {
        "cosine": "after that the learning rate falls along a cosine",
        "constant": "after that the learning rate stays as it is",
    },
    "framing": {"squash": "the whole picture, stretched to a square", "crop": "its middle square"},
    "imbalance": {
        "ignore": "nothing is done for rare classes",
        "weights": "rare classes weigh more",
        "effective": "rare classes weigh more, by their effective number",
        "logits": "logits are shifted by log frequency",
        "sampling": "rare classes are shown more often",
    },
    "loss": {
        "standard": "cross-entropy",
        "squared": "the error's square",
        "focal": "focal",
        "asymmetric": "asymmetric",
        "corn": "CORN, rank by rank",
        "coral": "CORAL, rank by rank",
    },
    "precision": {
        "auto": "the faster one on the machine",
        "float32": "numbers of 32 bits",
        "bfloat16": "numbers of 16 bits, where that is safe",
    },
    "runtime": {"auto": "the fastest on the machine"},
    "compile": {"auto": "where it pays"},
}
"""Field -> value as text -> what it means, where the value does not say it."""
OF_NUMBERS = {
    "preset": "the settings it began with",
    "image_size": "pixels, a side of the network's square",
    "epochs": "times, at most, that all pictures to learn from are seen",
    "patience": "epochs without a better score on the validation pictures end it",
    "batch_size": "pictures in a step",
    "learning_rate": "how far the head's weights go in a step",
    "backbone_factor": "the other weights go so much of that",
    "layer_decay": "each block goes so much of what the one above it does",
    "weight_decay": "how strongly weights are drawn to 0",
    "warmup": "share of the steps in which the learning rate climbs",
    "label_smoothing": "so much of each label is spread over all classes",
    "erase": "so many of the pictures have a square hidden",
    "mixup": "two pictures are blended, by shares drawn from a Beta distribution of this alpha",
    "cutmix": "a part of one picture is put into another, its size drawn from a Beta distribution of this alpha",
    "ema": "weights are averaged over the steps: each keeps so much of the average",
    "seed": "of all that is drawn by chance",
}
"""Field -> what its number means."""


def said(task: Task) -> str:
    """What becomes of probabilities, as a sentence; numbers have none."""
    return SAYS[task]


def started(recipe: JsonObject) -> str:
    """Where the weights came from."""
    weights = str(recipe.get("weights"))
    if earlier := earlier_model(weights):
        return f"initialised from an earlier model ({earlier.words})"
    return START.get(weights, "initialised from a file of weights")


def tuned(recipe: JsonObject) -> str:
    """What of the network learnt."""
    tune = str(recipe.get("tune"))
    kind, _, size = tune.partition(":")
    if kind == "lora":
        return f"additions of rank {size} to its linear layers (LoRA) and a linear head were trained"
    if kind == "last" and int(size) >= STAGES:
        return TUNED["all"]
    if kind == "last" and size != "0":
        stages = "stage" if size == "1" else f"{size} stages"
        return f"its last {stages} of five and a linear head were fine-tuned"
    return TUNED.get(tune, "part of it was fine-tuned")


def varied(recipe: JsonObject) -> str:
    """How pictures were changed while the network learnt; "" where they were not."""
    if recipe.get("tune") == "head":
        return ""
    name = str(recipe.get("augmentation"))
    ways = [VARIED[name]] if name != "none" else []
    return " and ".join([*ways, ERASED] if recipe.get("erase") else ways)


def side_of(recipe: JsonObject) -> int:
    """Pixels of the network's square."""
    return int(str(recipe.get("image_size") or 0)) or backbone_info(str(recipe["backbone"])).image_size


def shown(name: str, value: JsonValue) -> str:
    """A setting's value as it may be passed on: whose folders a file of weights lay in is nobody's business."""
    text = str(value)
    return f"file:{PurePath(text).name}" if name == "weights" and text.startswith("file:") else text


def with_article(backbone: str) -> str:
    """A network's name as a sentence begins with it."""
    return f"{'An' if backbone[:1].lower() in tuple('aeiou') else 'A'} {backbone}"


def optimizer(recipe: JsonObject) -> str:
    """What moved the weights: a head alone is always learnt by AdamW."""
    name = "adamw" if recipe.get("tune") == "head" else str(recipe.get("optimizer"))
    return OPTIMIZERS.get(name, name)


def meaning(name: str, value: JsonValue, recipe: JsonObject, task: Task) -> str:
    """What a setting means, in a few words; "" where its value says it."""
    known = MEANING.get(name, {}).get(str(value), "")
    if known == OFF:
        return OFF
    if _unused(name, str(value), recipe, task):
        return NOT_USED
    match name:
        case "weights":
            return started(recipe)
        case "tune":
            return tuned(recipe)
        case "augmentation":
            return f"pictures {VARIED.get(str(value), '')}"
        case "optimizer":
            return optimizer(recipe)
        case "imbalance":
            return MEANING[name].get(balancing(recipe, task), "")
        case "loss" if task is Task.REGRESSION and value == "standard":
            return "Huber's: far-off numbers pull less than squared errors would"
        case "image_size" if not value:
            return f"the network's own: {side_of(recipe)} pixels"
        case _:
            return known or OF_NUMBERS.get(name, "")


def _unused(name: str, value: str, recipe: JsonObject, task: Task) -> bool:
    if name == "optimizer" or (recipe.get("tune") == "head" and value in ("none", "off")):
        return False  # the head's own optimizer is told; what is off is off
    return bool(why_unused(name, recipe, task))
