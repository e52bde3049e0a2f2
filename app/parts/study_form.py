"""Asking for a comparison: several networks, or one network at several depths."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from app.context import graft
from app.parts.recipe_words import PRESET_WORDS
from app.parts.starts import common_starts, out_of_reach, start_option
from core.catalogue import all_backbones
from core.recipes import PRESETS, PUBLISHED, Recipe
from core.services.training import search_backbones

NETWORKS, DEPTH = "Which network?", "How deep to train?"
OWN = "My own choice"


@dataclass(frozen=True, slots=True)
class WantedStudy:
    """What a person asks for; `depths` takes the first network only."""

    recipe: Recipe
    backbones: tuple[str, ...]
    depths: bool
    scratch: bool
    name: str


def study_form() -> WantedStudy | None:
    """Draws the choices; returns them when the person starts the comparison."""
    question = st.segmented_control("What do you want to find out?", [NETWORKS, DEPTH], default=NETWORKS, required=True)
    depths = question == DEPTH
    st.caption(
        "One network is trained seven times by the same steps: its head alone, then more and more, then everything."
        if depths
        else "Every network learns from the same pictures and is judged on the same test pictures."
    )
    published = OWN
    if not depths:
        published = st.selectbox("Networks of", [OWN, *PUBLISHED], format_func=_study_words)
    backbones = [_one()] if depths else _several(published)
    left, right = st.columns(2)
    preset = left.segmented_control(
        "How thoroughly?", list(PRESETS), default="balanced", required=True, key=f"preset-{depths}",
        format_func=lambda name: PRESET_WORDS[name][0], wrap=True,
    )  # fmt: skip
    with right:
        kinds, usual = common_starts(backbones)
        start = st.selectbox(
            "What they know already", kinds, kinds.index(usual), format_func=start_option, key=f"study-{kinds}"
        )
        if start == "imagenet":
            out_of_reach(backbones)
        scratch = not depths and start != "none" and st.checkbox(
            "Train each also from nothing", help="Shows how much the pretrained weights are worth on your pictures."
        )  # fmt: skip
    size = st.number_input("Picture size in pixels", 0, 1024, 0, step=32, help="0: each network's own.")
    if not st.button("Start", type="primary", icon=":material/play_arrow:", disabled=not backbones):
        return None
    recipe = dataclasses.replace(PRESETS[preset], backbone=backbones[0], image_size=size)
    recipe = graft().training.starting_from(recipe, start)
    name = "" if published == OWN else PUBLISHED[published].title
    return WantedStudy(recipe, tuple(backbones), depths, scratch, name)


def _study_words(key: str) -> str:
    return OWN if key == OWN else PUBLISHED[key].title


def _several(published: str) -> list[str]:
    if published != OWN:
        study = PUBLISHED[published]
        st.caption(f"As compared in: {study.study}.")
        return list(study.backbones)
    text = st.text_input("Search all networks", placeholder="resnet50, efficientnet, vit …", key="study-search")
    usual = [item.name for item in search_backbones("")]
    offered = [*usual, *(item.name for item in search_backbones(text)[:50])] if text else usual
    kept = st.session_state.get("study-networks", usual[:2])
    options = list(dict.fromkeys([*kept, *offered]))
    return st.multiselect("Networks", options, default=usual[:2], format_func=network_words, key="study-networks")


def _one() -> str:
    return str(
        st.selectbox("Network", [item.name for item in search_backbones("")], format_func=network_words, key="one")
    )


def network_words(name: str) -> str:
    """A network as people read it: its title in the short list and its name."""
    info = all_backbones().get(name)
    return name if info is None or not info.words else f"{info.title} ({name})"
