"""Asking for a search: where it begins, what may vary, and how long it may take."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from app.context import graft
from app.parts.recipe_words import AUGMENTATION_WORDS, IMBALANCE_WORDS, PRESET_WORDS, TUNE_WORDS
from app.parts.starts import COMMON, common_starts, out_of_reach, start_name
from app.parts.study_form import network_words
from core.recipes import PRESETS, USUAL, Recipe, why_unused
from core.services.training import search_backbones
from core.types import Task

FIELD_WORDS = {
    "learning_rate": "How fast it learns",
    "tune": "How much of the network learns",
    "weight_decay": "How strongly it is held back (weight decay)",
    "augmentation": "How the pictures are varied",
    "backbone_factor": "How fast the network learns beside its head",
    "label_smoothing": "How much doubt is mixed into the labels",
    "mixup": "Whether pictures are blended",
    "imbalance": "What is done for rare classes",
}
"""A field that can be searched -> in an expert's words."""
VALUE_WORDS = {"tune": TUNE_WORDS, "augmentation": AUGMENTATION_WORDS, "imbalance": IMBALANCE_WORDS}


@dataclass(frozen=True, slots=True)
class WantedSearch:
    """What a person asks for."""

    recipe: Recipe
    minutes: float
    fields: tuple[str, ...]
    backbones: tuple[str, ...]


def search_form(task: Task) -> WantedSearch | None:
    """Draws the choices; returns them when the person starts the search."""
    saved = graft().recipes.list()
    starts = {**{name: PRESET_WORDS[name][0] for name in PRESETS}, **{name: name for name in saved}}
    left, right = st.columns(2)
    begin = left.selectbox(
        "Begin from", list(starts), index=1, format_func=starts.__getitem__, help="The first trial is this recipe."
    )
    minutes = right.number_input(
        "How long it may take, in minutes", 1, 60 * 24 * 30, 30, step=10,
        help="It ends by itself then. Twenty trials or more are worth it; look at how long one training takes.",
    )  # fmt: skip
    recipe = saved[begin] if begin in saved else PRESETS[begin]
    usual = list(dict.fromkeys([recipe.backbone, *(item.name for item in search_backbones(""))]))
    backbones = left.multiselect(
        "Networks to choose among", usual, default=[recipe.backbone], format_func=network_words, key=f"among-{begin}"
    )
    with right:
        weights = _weights(recipe.weights, backbones)
        if weights == "imagenet":
            out_of_reach(backbones)
    able = [name for name in FIELD_WORDS if not why_unused(name, {**recipe.to_json(), "tune": "all"}, task)]
    fields = st.pills(
        "What may vary", able, default=list(USUAL),
        selection_mode="multi", format_func=FIELD_WORDS.__getitem__,
    )  # fmt: skip
    ready = bool(backbones) and bool(fields or len(backbones) > 1)
    if not st.button("Start the search", type="primary", icon=":material/play_arrow:", disabled=not ready):
        return None
    recipe = dataclasses.replace(recipe, weights=weights, backbone=backbones[0])
    if begin in PRESETS:
        recipe = graft().training.starting_from(recipe, weights)
    return WantedSearch(recipe, float(minutes), tuple(fields), tuple(backbones))


def _weights(own: str, backbones: list[str]) -> str:
    known, usual = common_starts(backbones)
    kinds = known if own in COMMON else [own, *known]
    first = usual if own == "imagenet" else own
    return str(
        st.selectbox(
            "What they know already", kinds, index=kinds.index(first) if first in kinds else 0, key=f"search-{kinds}",
            format_func=lambda kind: start_name(kind) if kind in COMMON else kind.replace(":", " "),
        )
    )  # fmt: skip


def value_words(field: str, value: object) -> str:
    """A value of a searched field as people read it."""
    if field == "backbone":
        return network_words(str(value))
    if field in VALUE_WORDS:
        return VALUE_WORDS[field].get(str(value), str(value)).partition(":")[0]
    return f"{value:.2g}" if isinstance(value, float) else str(value)
