"""Every field of a recipe that a person may change, in an expert's words; the papers stand in the help."""

import dataclasses
from collections.abc import Mapping, Sequence

import streamlit as st

from app.parts.rate_test import rate_test
from core.recipes import TWO_BRANCHES, Recipe
from core.services.projects import ProjectView
from core.types import Task

TUNE_WORDS = {
    "head": "The last layer alone",
    "gradual": "From the top down, step by step",
    "last:1": "The last of five parts of the network",
    "last:2": "The last two of five parts",
    "last:3": "The last three of five parts",
    "all": "Everything from the start",
    "two_step": "Both branches apart, then joined",
    "norm": "Norm layers only",
    "bias": "Biases only",
    "attention": "Attention only (transformers)",
    "lora:8": "Small additions to a transformer (LoRA)",
}
AUGMENTATION_WORDS = {
    "none": "None",
    "light": "Light: small shifts, nothing mirrored (X-rays)",
    "standard": "Standard: also mirrored and turned (leaves, cells)",
    "strong": "Strong: more of all, parts hidden",
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
    Task.REGRESSION: {"standard": "Huber: far-off numbers pull less"},
}
OPTIMIZER_WORDS = {"adamw": "AdamW: works as it is", "sgd": "SGD: the classic, wants a larger rate"}
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


def recipe_details(recipe: Recipe, project: ProjectView) -> Recipe:
    """Draws the fields with the recipe's values in them; returns the recipe as the person left it."""
    fields, task = _Fields(recipe), project.task
    with st.expander("Details", icon=":material/tune:"):
        st.caption("These are chosen already. Change them only if you know why.")
        learning, pictures, labels, machine = st.tabs(["Learning", "Pictures", "Labels", "Machine"])
        with learning:
            _learning(fields)
        with pictures:
            _pictures(fields, task)
        with labels:
            _labels(fields, task)
        with machine:
            _machine(fields)
        found = dataclasses.replace(recipe, **fields.values)  # type: ignore[arg-type]
        with learning:
            rate_test(project.id, found, fields.key("learning_rate"))
    return found


class _Fields:
    """Widgets for fields, three beside each other; their values by name."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.values = recipe, dict[str, object]()
        self._columns: Sequence[st.delta_generator.DeltaGenerator] = ()

    def row(self) -> None:
        """Begin a row."""
        self._columns = list(st.columns(3, vertical_alignment="bottom"))

    def _next(self) -> "st.delta_generator.DeltaGenerator":
        if not self._columns:
            self.row()
        first, *self._columns = self._columns
        return first

    def key(self, field: str) -> str:
        """The widget's key: another start draws the widgets anew."""
        return f"{field}-{self.recipe.hash}"

    def choose(self, field: str, title: str, words: Mapping[str, str], helps: str = "", *, off: bool = False) -> None:
        """A list of values."""
        own = str(getattr(self.recipe, field))
        options = list(dict.fromkeys([*words, own])) if own in words or field == "tune" else list(words)
        self.values[field] = self._next().selectbox(
            title, options, index=options.index(own) if own in options else 0, help=helps or None, disabled=off,
            format_func=lambda value: words.get(value, value), key=self.key(field),
        )  # fmt: skip

    def whole(self, field: str, title: str, low: int, high: int, helps: str = "", *, step: int = 1) -> None:
        """A whole number."""
        own = int(getattr(self.recipe, field))
        self.values[field] = self._next().number_input(
            title, low, max(high, own), own, step=step, help=helps or None, key=self.key(field)
        )

    def number(self, field: str, title: str, low: float, high: float, helps: str = "", *, off: bool = False) -> None:
        """A number."""
        own = float(getattr(self.recipe, field))
        self.values[field] = self._next().number_input(
            title, low, max(high, own), own, format="%.5g", help=helps or None, disabled=off, key=self.key(field)
        )

    def flag(self, field: str, title: str, helps: str) -> None:
        """Yes or no."""
        self.values[field] = self._next().checkbox(title, getattr(self.recipe, field), help=helps, key=self.key(field))


def _learning(fields: _Fields) -> None:
    fields.row()
    fields.choose(
        "tune", "What learns", _parts(fields.recipe),
        "The fewer pictures, the less should learn. From the top down: ULMFiT (Howard & Ruder 2018); norm layers: "
        "Frankle et al. 2021; biases: BitFit (Zaken et al. 2022); attention: Touvron et al. 2022; both branches: "
        "Isong 2025; LoRA: Hu et al. 2022.",
    )  # fmt: skip
    fields.whole("epochs", "At most so many epochs", 1, 1000, "How many times it looks at every picture.")
    fields.whole("patience", "Stop after epochs without progress", 0, 1000, "0: never.")
    fields.row()
    fields.number("learning_rate", "Learning rate", 1e-8, 1.0, "Of the last layer.")
    fields.number("backbone_factor", "The network's rate, as a share of it", 0.0, 10.0)
    fields.number(
        "layer_decay", "Each lower part learns so much slower", 0.01, 1.0, "1 is off. BEiT (Bao et al. 2022)."
    )
    fields.row()
    fields.choose("optimizer", "Optimizer", OPTIMIZER_WORDS)
    fields.number(
        "weight_decay", "Weight decay", 0.0, 1.0, "Pulls the weights towards zero; biases and norms are spared."
    )
    fields.number(
        "warmup", "Share of the time it warms up", 0.0, 1.0,
        "The learning rate climbs, then falls by a cosine (Goyal et al. 2017; Loshchilov & Hutter 2017).",
    )  # fmt: skip


def _parts(recipe: Recipe) -> Mapping[str, str]:
    """What may learn: two steps only where there are two branches."""
    return {name: words for name, words in TUNE_WORDS.items() if name != "two_step" or recipe.backbone == TWO_BRANCHES}


def _pictures(fields: _Fields, task: Task) -> None:
    fields.row()
    frozen = fields.values["tune"] == "head"
    fields.choose(
        "augmentation", "Variation of the pictures", AUGMENTATION_WORDS,
        "One random change: TrivialAugment (Müller & Hutter 2021). Two: RandAugment (Cubuk et al. 2020). Hidden parts: "
        "random erasing (Zhong et al. 2020). The last layer alone sees each picture once, unchanged.",
        off=frozen,
    )  # fmt: skip
    fields.choose("framing", "Of a picture that is not square", FRAMING_WORDS)
    fields.whole("image_size", "Picture size in pixels", 0, 1024, "0: the network's own.", step=32)
    fields.row()
    off = frozen or task is Task.REGRESSION
    fields.number(
        "mixup", "Blend pairs of pictures", 0.0, 10.0, "0 is off; 0.2 is usual. mixup (Zhang et al. 2018).", off=off
    )
    fields.number(
        "cutmix", "Put parts of pictures into others", 0.0, 10.0, "0 is off. CutMix (Yun et al. 2019).", off=off
    )


def _labels(fields: _Fields, task: Task) -> None:
    fields.row()
    fields.choose(
        "loss", "What counts as a mistake", LOSS_WORDS[task],
        "Focal: Lin et al. 2017. Asymmetric: Ridnik et al. 2021. CORN: Shi, Cao & Raschka 2021. "
        "CORAL: Cao, Mirjalili & Raschka 2020. Huber: 1964.",
    )  # fmt: skip
    fields.choose(
        "imbalance", "Rare classes", IMBALANCE_WORDS,
        "A little more: effective numbers (Cui et al. 2019). Corrected: logit adjustment (Menon et al. 2021).",
        off=task is Task.REGRESSION,
    )  # fmt: skip
    fields.number(
        "label_smoothing", "Doubt mixed into the labels", 0.0, 0.9, "0 is off; 0.1 is usual. Szegedy et al. 2016.",
        off=task in (Task.MULTI, Task.REGRESSION),
    )  # fmt: skip


def _machine(fields: _Fields) -> None:
    fields.row()
    fields.whole("batch_size", "Pictures at a time", 0, 1024, "0: chosen for you.")
    fields.choose("precision", "Precision", PRECISION_WORDS)
    fields.whole("seed", "Seed", 0, 2**31 - 1, "The same seed, recipe and pictures give the same numbers on a CPU.")
    fields.row()
    fields.choose("runtime", "Looks through a frozen network", RUNTIME_WORDS)
    fields.choose(
        "compile", "Compile the network", COMPILE_WORDS, "Costs time at the start and saves some in each step."
    )
    fields.row()
    fields.number("ema", "Average the weights", 0.0, 0.99999, "0 is off; 0.99 is usual. Polyak & Juditsky 1992.")
    fields.flag("zero_gamma", "Begin calmly", "Residual networks without pretrained weights (Goyal et al. 2017).")
