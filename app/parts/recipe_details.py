"""Every field of a recipe that a person may change, in an expert's words; the papers stand in the help."""

import dataclasses
from collections.abc import Mapping, Sequence
from math import floor, log10

import streamlit as st

from app.parts.rate_test import rate_test
from app.parts.recipe_words import (
    AUGMENTATION_WORDS,
    COMPILE_WORDS,
    FRAMING_WORDS,
    IMBALANCE_WORDS,
    LOSS_WORDS,
    OPTIMIZER_WORDS,
    PRECISION_WORDS,
    RUNTIME_WORDS,
    SCHEDULE_WORDS,
    TITLES,
    TUNE_WORDS,
)
from core.catalogue import backbone_info
from core.recipes import TWO_BRANCHES, Recipe, balances, balancing, why_unused
from core.services.projects import ProjectView
from core.types import JsonObject, Task


def recipe_details(recipe: Recipe, project: ProjectView) -> Recipe:
    """Draws the fields with the recipe's values in them; returns the recipe as the person left it."""
    fields, task = _Fields(recipe, project.task), project.task
    with st.expander("Details", icon=":material/tune:"):
        st.caption("These are chosen already. Change them only if you know why.")
        learning, pictures, labels, machine = st.tabs(["Learning", "Pictures", "Labels", "Machine"])
        with learning:
            _learning(fields)
        with pictures:
            _pictures(fields)
        with labels:
            _labels(fields, task)
        with machine:
            _machine(fields)
        found = dataclasses.replace(recipe, **fields.values)  # type: ignore[arg-type]
        with learning:
            rate_test(project.id, found, fields.key("learning_rate"))
    return found


class _Fields:
    """Widgets for fields, two beside each other; their values by name. What changes nothing here is shown as off."""

    def __init__(self, recipe: Recipe, task: Task) -> None:
        self.recipe, self.task, self.values = recipe, task, dict[str, object]()
        self._columns: Sequence[st.delta_generator.DeltaGenerator] = ()

    def row(self) -> None:
        """Begin a row."""
        self._columns = list(st.columns(2, vertical_alignment="bottom"))

    def _next(self) -> "st.delta_generator.DeltaGenerator":
        if not self._columns:
            self.row()
        first, *self._columns = self._columns
        return first

    def key(self, field: str) -> str:
        """The widget's key: another start draws the widgets anew."""
        return f"{field}-{self.recipe.hash}"

    def so_far(self) -> JsonObject:
        """The recipe with what is chosen above."""
        return dataclasses.replace(self.recipe, **self.values).to_json()  # type: ignore[arg-type]

    def _told(self, field: str, helps: str) -> tuple[str | None, bool]:
        """A field's help, and whether it is off; then the help says why."""
        why = why_unused(field, self.so_far(), self.task)
        return " ".join(filter(None, [helps, f"Off here: {why}." if why else ""])) or None, bool(why)

    def choose(self, field: str, words: Mapping[str, str], helps: str = "", *, own: str = "") -> None:
        """A list of values; `own` is the recipe's, unless another stands for it."""
        own = own or str(getattr(self.recipe, field))
        told, off = self._told(field, helps)
        options = list(dict.fromkeys([*words, own])) if own in words or field == "tune" else list(words)
        self.values[field] = self._next().selectbox(
            TITLES[field], options, index=options.index(own) if own in options else 0, help=told, disabled=off,
            format_func=lambda value: words.get(value, value), key=self.key(field),
        )  # fmt: skip

    def whole(self, field: str, low: int, high: int, helps: str = "", *, step: int = 1) -> None:
        """A whole number."""
        own = int(getattr(self.recipe, field))
        told, off = self._told(field, helps)
        self.values[field] = self._next().number_input(
            TITLES[field], low, max(high, own), own, step=step, help=told, disabled=off, key=self.key(field)
        )

    def number(self, field: str, low: float, high: float, helps: str = "") -> None:
        """A number."""
        own = float(getattr(self.recipe, field))
        told, off = self._told(field, helps)
        # A hundredth up and down, but of a small value its first digit: 0.002, 0.003.
        step = min(0.01, 10.0 ** floor(log10(own))) if own else 0.01
        self.values[field] = self._next().number_input(
            TITLES[field], low, max(high, own), own, step, "%.5g", help=told, disabled=off, key=self.key(field)
        )

    def flag(self, field: str, helps: str) -> None:
        """Yes or no."""
        told, off = self._told(field, helps)
        self.values[field] = self._next().checkbox(
            TITLES[field], getattr(self.recipe, field), help=told, disabled=off, key=self.key(field)
        )


def _learning(fields: _Fields) -> None:
    fields.choose(
        "tune", _parts(fields.recipe),
        "The fewer pictures, the less should learn; the last layer always does. What this network has none of is not "
        "in the list. From the top down: gradual unfreezing, ULMFiT (Howard & Ruder 2018); norm layers: Frankle et al. "
        "2021; biases: BitFit (Zaken et al. 2022); attention: Touvron et al. 2022; LoRA: Hu et al. 2022; both "
        "branches: Isong 2025.",
    )  # fmt: skip
    fields.choose("optimizer", OPTIMIZER_WORDS, "AdamW: Loshchilov & Hutter 2019. SGD: with a momentum of 0.9.")
    fields.whole("epochs", 1, 1000, "How many times it looks at every picture.")
    fields.whole("patience", 0, 1000, "Early stopping, by the validation pictures. 0: never.")
    fields.number("learning_rate", 1e-8, 1.0, "Of the last layer.")
    fields.number(
        "backbone_factor", 0.0, 10.0,
        "What the network knows is changed more gently than the last layer: 0.1 is a tenth of its rate, 1 the same.",
    )  # fmt: skip
    fields.number(
        "layer_decay", 0.01, 1.0,
        "Layer-wise learning-rate decay: each block learns at so much of the rate of the one above. 1 is off; 0.75 is "
        "usual for transformers of twelve blocks. BEiT (Bao et al. 2022).",
    )  # fmt: skip
    fields.number("warmup", 0.0, 1.0, "The learning rate climbs first (Goyal et al. 2017).")
    fields.choose("schedule", SCHEDULE_WORDS, "Falling along a cosine: Loshchilov & Hutter 2017.")
    fields.number("weight_decay", 0.0, 1.0, "Pulls the weights towards zero. Loshchilov & Hutter 2019.")
    fields.flag("no_bias_decay", "No weight decay on biases and norms (He et al. 2019).")


def _parts(recipe: Recipe) -> Mapping[str, str]:
    """What may learn: two steps only where there are two branches, a kind of layers only where there are some."""
    network, two = backbone_info(recipe.backbone), recipe.backbone == TWO_BRANCHES
    return {
        name: words for name, words in TUNE_WORDS.items() if not network.why_not(name) and (name != "two_step" or two)
    }


def _pictures(fields: _Fields) -> None:
    fields.row()
    fields.choose(
        "augmentation", AUGMENTATION_WORDS,
        "Light is for pictures whose sides matter, such as X-rays; standard for leaves and cells, which have none. One "
        "random change: TrivialAugment (Müller & Hutter 2021). Two: RandAugment (Cubuk et al. 2020).",
    )  # fmt: skip
    fields.choose("framing", FRAMING_WORDS)
    fields.whole("image_size", 0, 1024, "0: the network's own.", step=32)
    fields.number("erase", 0.0, 1.0, "0 is off; 0.25 is usual. Random erasing (Zhong et al. 2020).")
    fields.row()
    fields.number("mixup", 0.0, 10.0, "0 is off; 0.2 is usual. mixup (Zhang et al. 2018).")
    fields.number("cutmix", 0.0, 10.0, "0 is off; 1 is usual. CutMix (Yun et al. 2019).")


def _labels(fields: _Fields, task: Task) -> None:
    fields.row()
    fields.choose(
        "loss", LOSS_WORDS[task],
        "Focal: Lin et al. 2017. Asymmetric: Ridnik et al. 2021. CORN: Shi, Cao & Raschka 2021. "
        "CORAL: Cao, Mirjalili & Raschka 2020. Huber 1964.",
    )  # fmt: skip
    fields.choose(
        "imbalance", _balances(fields, task),
        "Weigh more: by inverse frequency. A little more: by effective numbers (Cui et al. 2019). Corrected: logit "
        "adjustment (Menon et al. 2021). Shown more often: class-balanced sampling (Kang et al. 2020).",
        own=balancing(fields.so_far(), task),
    )  # fmt: skip
    fields.number("label_smoothing", 0.0, 0.9, "Label smoothing: 0 is off; 0.1 is usual. Szegedy et al. 2016.")


def _balances(fields: _Fields, task: Task) -> Mapping[str, str]:
    """What can be done for rare classes: of several in a picture, and for the last layer alone, not everything."""
    return {name: IMBALANCE_WORDS[name] for name in balances(fields.so_far(), task)} or IMBALANCE_WORDS


def _machine(fields: _Fields) -> None:
    fields.row()
    fields.whole("batch_size", 0, 1024, "The batch size. 0: chosen for you.")
    fields.whole("seed", 0, 2**31 - 1, "The same seed, recipe and pictures give the same numbers on a CPU.")
    fields.choose("precision", PRECISION_WORDS, "Full: numbers of 32 bits. Half: of 16, faster on some machines.")
    fields.choose("compile", COMPILE_WORDS, "Costs time at the start and saves some in each step.")
    fields.choose("runtime", RUNTIME_WORDS)
    fields.number(
        "ema", 0.0, 0.99999,
        "EMA, an exponential moving average of the weights: 0 is off; 0.99 is usual. Polyak & Juditsky 1992.",
    )  # fmt: skip
    fields.flag("zero_gamma", "Zero-gamma: residual branches begin silent (Goyal et al. 2017).")
