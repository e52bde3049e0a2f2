"""A recipe's settings in words."""

from core.catalogue import backbone_info
from core.types import JsonObject, JsonValue

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
VARIED = {
    "none": "as they are",
    "light": "slightly shifted and lit differently at random",
    "standard": "mirrored, turned, shifted and lit differently at random",
    "strong": "mirrored, turned, shifted, lit differently and partly erased at random",
    "trivial": "varied by TrivialAugment (arXiv 2103.10158)",
    "rand": "varied by RandAugment (arXiv 1909.13719)",
}
OFF = "off"
MEANING: dict[str, dict[str, str]] = {
    "patience": {"0": "never ended early"},
    "batch_size": {"0": "by the number of pictures"},
    "layer_decay": {"1.0": OFF},
    "warmup": {"0.0": OFF},
    "label_smoothing": {"0.0": OFF},
    "mixup": {"0.0": OFF},
    "cutmix": {"0.0": OFF},
    "ema": {"0.0": OFF},
    "zero_gamma": {"False": OFF, "True": "on"},
    "framing": {"squash": "the whole picture, stretched to a square", "crop": "its middle square"},
    "imbalance": {
        "ignore": "nothing is done for rare classes",
        "weights": "rare classes weigh more",
        "effective": "rare classes weigh more, by their effective number",
        "logits": "logits are shifted by log frequency",
        "sampling": "rare classes are shown more often",
    },
    "loss": {
        "standard": "cross-entropy; Huber's for numbers",
        "focal": "focal",
        "asymmetric": "asymmetric",
        "corn": "CORN, rank by rank",
        "coral": "CORAL, rank by rank",
    },
    "precision": {"auto": "the faster one on the machine"},
    "runtime": {"auto": "the fastest on the machine"},
    "compile": {"auto": "where it pays"},
}
"""Field -> value as text -> what it means, where the value does not say it."""


def started(recipe: JsonObject) -> str:
    """Where the weights came from."""
    weights = str(recipe.get("weights"))
    if weights.startswith("run:"):
        return f"initialised from an earlier model (run {weights.removeprefix('run:')})"
    return START.get(weights, "initialised from a file of weights")


def tuned(recipe: JsonObject) -> str:
    """What of the network learnt."""
    tune = str(recipe.get("tune"))
    kind, _, size = tune.partition(":")
    if kind == "lora":
        return f"additions of rank {size} to its linear layers (LoRA) and a linear head were trained"
    if kind == "last" and size != "0":
        stages = "stage" if size == "1" else f"{size} stages"
        return f"its last {stages} of five and a linear head were fine-tuned"
    return TUNED.get(tune, "part of it was fine-tuned")


def side_of(recipe: JsonObject) -> int:
    """Pixels of the network's square."""
    return int(str(recipe.get("image_size") or 0)) or backbone_info(str(recipe["backbone"])).image_size


def meaning(name: str, value: JsonValue, recipe: JsonObject) -> str:
    """What a setting means, in a few words; "" where its value says it."""
    match name:
        case "weights":
            return started(recipe)
        case "tune":
            return tuned(recipe)
        case "augmentation":
            return f"pictures {VARIED.get(str(value), '')}"
        case "image_size" if not value:
            return f"the network's own: {side_of(recipe)} pixels"
        case _:
            return MEANING.get(name, {}).get(str(value), "")
