"""A recipe's fields and their values in an expert's words, for where they are chosen and where they are compared."""

from app.parts.starts import start_of
from core.recipes import AUTOMATIC
from core.types import JsonValue, Task

TITLES = {
    "preset": "How thoroughly",
    "backbone": "Network",
    "weights": "It starts from",
    "tune": "What learns",
    "epochs": "At most so many epochs",
    "patience": "Stop after epochs without progress",
    "learning_rate": "Learning rate",
    "backbone_factor": "The network's rate, as a share of it",
    "layer_decay": "Each lower block learns so much slower",
    "optimizer": "Optimizer",
    "weight_decay": "Weight decay",
    "no_bias_decay": "Spare biases and norms",
    "warmup": "Share of the time it warms up",
    "schedule": "The learning rate after that",
    "augmentation": "Variation of the pictures",
    "erase": "Share with a hidden part",
    "framing": "Of a picture that is not square",
    "image_size": "Picture size in pixels",
    "mixup": "Blend pairs of pictures",
    "cutmix": "Put parts of pictures into others",
    "loss": "What counts as a mistake",
    "imbalance": "Rare classes",
    "label_smoothing": "Doubt mixed into the labels",
    "batch_size": "Pictures at a time",
    "precision": "Precision",
    "seed": "Seed",
    "runtime": "Looks through a frozen network",
    "compile": "Compile the network",
    "ema": "Average the weights",
    "zero_gamma": "Begin calmly",
}
"""Field of a recipe -> what it is called wherever it is chosen or shown."""
SAVED = "saved"
PRESET_WORDS = {
    AUTOMATIC: ("Automatic", "Chosen for your pictures and this machine:"),
    "instant": ("Instant", "Seconds. Looks at each picture once and learns only the last layer."),
    "balanced": ("Balanced", "Minutes. Learns the last layer first, then lets the network adapt."),
    "thorough": (
        "Thorough",
        "Longest, best with many pictures. All of it learns, from varied and blended pictures.",
    ),
    SAVED: ("Saved", "A recipe that was saved under a name, such as the best one of a search."),
}
TUNE_WORDS = {
    "head": "The last layer alone",
    "gradual": "From the top down, step by step",
    "last:0": "The last layer alone, on varied pictures",
    "last:1": "The last of five parts",
    "last:2": "The last two of five parts",
    "last:3": "The last three of five parts",
    "last:4": "The last four of five parts",
    "all": "Everything from the start",
    "two_step": "Both branches apart, then joined",
    "norm": "Norm layers only",
    "bias": "Biases only",
    "attention": "Attention only (transformers)",
    "lora:4": "Very small additions (LoRA of rank 4, transformers)",
    "lora:8": "Small additions (LoRA of rank 8, transformers)",
    "lora:16": "Larger additions (LoRA of rank 16, transformers)",
}
AUGMENTATION_WORDS = {
    "none": "None",
    "light": "Light: small shifts, not mirrored",
    "standard": "Standard: mirrored and turned, too",
    "strong": "Strong: more of all",
    "trivial": "One random change of each picture",
    "rand": "Two random changes of each picture",
}
IMBALANCE_WORDS = {
    "ignore": "Count as they come",
    "weights": "Weigh more",
    "effective": "Weigh a little more",
    "logits": "Are corrected for their rarity",
    "sampling": "Are shown more often",
}
LOSS_WORDS = {
    Task.SINGLE: {"standard": "Cross-entropy: every mistake alike", "focal": "Focal: hard pictures more"},
    Task.ORDINAL: {
        "standard": "Cross-entropy: every mistake alike",
        "corn": "CORN: rank by rank, in their order",
        "coral": "CORAL: the same, along one direction",
        "focal": "Focal: hard pictures more",
    },
    Task.MULTI: {
        "standard": "Cross-entropy: each class for itself",
        "focal": "Focal: hard pictures more",
        "asymmetric": "Asymmetric: absent classes less",
    },
    Task.REGRESSION: {"standard": "Huber: far-off numbers pull less", "squared": "Squared: far-off numbers pull most"},
}
OPTIMIZER_WORDS = {"adamw": "AdamW: works as it is", "sgd": "SGD: the classic, wants a larger rate"}
SCHEDULE_WORDS = {"cosine": "Falls along a cosine", "constant": "Stays as it is"}
FRAMING_WORDS = {"squash": "All of it, stretched", "crop": "Its middle"}
PRECISION_WORDS = {"auto": "Chosen for the machine", "float32": "Full", "bfloat16": "Half"}
RUNTIME_WORDS = {
    "auto": "Chosen for the machine",
    "torch": "PyTorch",
    "torch-bf16": "PyTorch, half precision",
    "openvino": "OpenVINO",
    "openvino-bf16": "OpenVINO, half precision",
}
COMPILE_WORDS = {"auto": "Where it pays", "on": "Yes", "off": "No"}
WORDS = {
    "preset": {name: title for name, (title, _) in PRESET_WORDS.items()},
    "augmentation": AUGMENTATION_WORDS,
    "imbalance": IMBALANCE_WORDS,
    "optimizer": OPTIMIZER_WORDS,
    "schedule": SCHEDULE_WORDS,
    "framing": FRAMING_WORDS,
    "precision": PRECISION_WORDS,
    "runtime": RUNTIME_WORDS,
    "compile": COMPILE_WORDS,
}
ZERO = {"patience": "Never", "image_size": "The network's own", "batch_size": "Chosen by Graft"}
"""What 0 stands for where it is no number of anything."""


def learns(tune: str) -> str:
    """What of a network learns, of those that the form offers and of others."""
    kind, _, size = tune.partition(":")
    others = {"lora": f"Small additions of rank {size} (LoRA)", "last": "All five parts"}
    return TUNE_WORDS.get(tune) or others.get(kind, tune)


def shown(field: str, value: JsonValue, task: Task) -> str:
    """A field's value as it is called where it is chosen."""
    if value is None:
        return "\N{EN DASH}"
    if field == "weights":
        return start_of(str(value))
    if field == "tune":
        return learns(str(value))
    if field in ZERO and value == 0:
        return ZERO[field]
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float):
        return f"{value:.5g}"
    words = LOSS_WORDS[task] if field == "loss" else WORDS.get(field, {})
    return words.get(str(value), str(value))
