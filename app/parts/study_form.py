"""Asking for a comparison: several networks, or one network at several depths."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.context import graft
from app.parts.recipe_words import PRESET_WORDS
from app.parts.starts import common_starts, out_of_reach, start_option
from app.parts.text import count, md
from core.catalogue import all_backbones
from core.recipes import PRESETS, PUBLISHED, PublishedComparison, Recipe
from core.services.training import search_backbones

NETWORKS, DEPTH = "Which network?", "How deep to train?"


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
    backbones = [_one()] if depths else _several()
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
    recipe = dataclasses.replace(PRESETS[preset], image_size=size)
    started = st.button("Start", type="primary", icon=":material/play_arrow:", disabled=not backbones)
    # Studies start from photographs, the one set of weights that all their networks can have, or if asked from nothing.
    common = "none" if start == "none" and len(kinds) > 1 else "imagenet"
    published = None if depths else _published(common)
    if published is not None:
        return _wanted(recipe, published.backbones, common, scratch=scratch, name=published.title)
    return _wanted(recipe, backbones, start, depths=depths, scratch=scratch) if started else None


def _wanted(
    recipe: Recipe, backbones: Sequence[str], start: str, *, depths: bool = False, scratch: bool, name: str = ""
) -> WantedStudy:
    begun = graft().training.starting_from(dataclasses.replace(recipe, backbone=backbones[0]), start)
    return WantedStudy(begun, tuple(backbones), depths, scratch, name)


def _published(start: str) -> PublishedComparison | None:
    """A button for each study that compared networks; returns the one whose is pressed."""
    chosen = None
    st.markdown("## :small[Or as a published study did]")
    st.caption(
        "One click trains the networks of the study on your pictures, "
        + ("from nothing, " if start == "none" else "from everyday photographs, ")
        + "as thoroughly and at the size that is chosen above."
    )
    if start != "none":
        out_of_reach(list(dict.fromkeys(name for study in PUBLISHED.values() for name in study.backbones)))
    for key, study in PUBLISHED.items():
        words, button = st.columns([3, 1], vertical_alignment="center")
        words.markdown(f"**{md(study.title)}**  \n:small[:gray[{md(study.study)}]]")
        label = f"Train its {count(len(study.backbones), 'network')}"
        if button.button(label, icon=":material/play_arrow:", key=f"study-start-{key}", width="stretch"):
            chosen = study
    return chosen


def _several() -> list[str]:
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
