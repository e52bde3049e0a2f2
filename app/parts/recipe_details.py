"""Every field of a recipe that a person may change, in an expert's words; the papers stand in the help."""

import dataclasses
from collections.abc import Mapping, Sequence

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
    TITLES,
    TUNE_WORDS,
)
from core.recipes import TWO_BRANCHES, Recipe
from core.services.projects import ProjectView
from core.types import Task


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

    def choose(self, field: str, words: Mapping[str, str], helps: str = "", *, off: bool = False) -> None:
        """A list of values."""
        own = str(getattr(self.recipe, field))
        options = list(dict.fromkeys([*words, own])) if own in words or field == "tune" else list(words)
        self.values[field] = self._next().selectbox(
            TITLES[field], options, index=options.index(own) if own in options else 0, help=helps or None, disabled=off,
            format_func=lambda value: words.get(value, value), key=self.key(field),
        )  # fmt: skip

    def whole(self, field: str, low: int, high: int, helps: str = "", *, step: int = 1) -> None:
        """A whole number."""
        own = int(getattr(self.recipe, field))
        self.values[field] = self._next().number_input(
            TITLES[field], low, max(high, own), own, step=step, help=helps or None, key=self.key(field)
        )

    def number(self, field: str, low: float, high: float, helps: str = "", *, off: bool = False) -> None:
        """A number."""
        own = float(getattr(self.recipe, field))
        self.values[field] = self._next().number_input(
            TITLES[field],
            low,
            max(high, own),
            own,
            format="%.5g",
            help=helps or None,
            disabled=off,
            key=self.key(field),
        )

    def flag(self, field: str, helps: str) -> None:
        """Yes or no."""
        self.values[field] = self._next().checkbox(
            TITLES[field], getattr(self.recipe, field), help=helps, key=self.key(field)
        )


def _learning(fields: _Fields) -> None:
    fields.row()
    fields.choose(
        "tune", _parts(fields.recipe),
        "The fewer pictures, the less should learn. From the top down: ULMFiT (Howard & Ruder 2018); norm layers: "
        "Frankle et al. 2021; biases: BitFit (Zaken et al. 2022); attention: Touvron et al. 2022; both branches: "
        "Isong 2025; LoRA: Hu et al. 2022.",
    )  # fmt: skip
    fields.whole("epochs", 1, 1000, "How many times it looks at every picture.")
    fields.whole("patience", 0, 1000, "0: never.")
    fields.row()
    fields.number("learning_rate", 1e-8, 1.0, "Of the last layer.")
    fields.number("backbone_factor", 0.0, 10.0)
    fields.number("layer_decay", 0.01, 1.0, "1 is off. BEiT (Bao et al. 2022).")
    fields.row()
    fields.choose("optimizer", OPTIMIZER_WORDS)
    fields.number("weight_decay", 0.0, 1.0, "Pulls the weights towards zero; biases and norms are spared.")
    fields.number(
        "warmup", 0.0, 1.0,
        "The learning rate climbs, then falls by a cosine (Goyal et al. 2017; Loshchilov & Hutter 2017).",
    )  # fmt: skip


def _parts(recipe: Recipe) -> Mapping[str, str]:
    """What may learn: two steps only where there are two branches."""
    return {name: words for name, words in TUNE_WORDS.items() if name != "two_step" or recipe.backbone == TWO_BRANCHES}


def _pictures(fields: _Fields, task: Task) -> None:
    fields.row()
    frozen = fields.values["tune"] == "head"
    fields.choose(
        "augmentation", AUGMENTATION_WORDS,
        "One random change: TrivialAugment (Müller & Hutter 2021). Two: RandAugment (Cubuk et al. 2020). Hidden parts: "
        "random erasing (Zhong et al. 2020). The last layer alone sees each picture once, unchanged.",
        off=frozen,
    )  # fmt: skip
    fields.choose("framing", FRAMING_WORDS)
    fields.whole("image_size", 0, 1024, "0: the network's own.", step=32)
    fields.row()
    off = frozen or task is Task.REGRESSION
    fields.number("mixup", 0.0, 10.0, "0 is off; 0.2 is usual. mixup (Zhang et al. 2018).", off=off)
    fields.number("cutmix", 0.0, 10.0, "0 is off. CutMix (Yun et al. 2019).", off=off)


def _labels(fields: _Fields, task: Task) -> None:
    fields.row()
    fields.choose(
        "loss", LOSS_WORDS[task],
        "Focal: Lin et al. 2017. Asymmetric: Ridnik et al. 2021. CORN: Shi, Cao & Raschka 2021. "
        "CORAL: Cao, Mirjalili & Raschka 2020. Huber: 1964.",
    )  # fmt: skip
    fields.choose(
        "imbalance", IMBALANCE_WORDS,
        "A little more: effective numbers (Cui et al. 2019). Corrected: logit adjustment (Menon et al. 2021).",
        off=task is Task.REGRESSION,
    )  # fmt: skip
    fields.number(
        "label_smoothing", 0.0, 0.9, "0 is off; 0.1 is usual. Szegedy et al. 2016.",
        off=task in (Task.MULTI, Task.REGRESSION),
    )  # fmt: skip


def _machine(fields: _Fields) -> None:
    fields.row()
    fields.whole("batch_size", 0, 1024, "0: chosen for you.")
    fields.choose("precision", PRECISION_WORDS)
    fields.whole("seed", 0, 2**31 - 1, "The same seed, recipe and pictures give the same numbers on a CPU.")
    fields.row()
    fields.choose("runtime", RUNTIME_WORDS)
    fields.choose("compile", COMPILE_WORDS, "Costs time at the start and saves some in each step.")
    fields.row()
    fields.number("ema", 0.0, 0.99999, "0 is off; 0.99 is usual. Polyak & Juditsky 1992.")
    fields.flag("zero_gamma", "Residual networks without pretrained weights (Goyal et al. 2017).")
