"""What a training can start from, in an expert's words."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.parts.text import md
from core.catalogue import backbone_info, bundled_weights
from core.recipes import earlier_model
from core.services.training import unavailable

START_WORDS = {
    "imagenet": (
        "Everyday photographs (ImageNet)",
        "best",
        "The best start for nearly every kind of picture. Downloaded once, so Graft needs a network connection the "
        "first time.",
    ),
    "bundled": (
        "Drawn pictures (comes with Graft)",
        "",
        "Works everywhere, without a network connection. Better than nothing, not as good as photographs.",
    ),
    "own": (
        "Your own pictures, without labels",
        "",
        "What a network learnt on page Learn without labels. Worth a try with thousands of pictures and few labels.",
    ),
    "run": (
        "An earlier model, of any project",
        "",
        "Goes on from what it has learnt: for new labels, or after pictures from another place.",
    ),
    "none": (
        "Nothing",
        "to compare",
        "Learns to see from your pictures alone: only with thousands of labels, or to compare.",
    ),
    "file": (
        "A file of weights",
        "from someone else",
        "One that lies on the computer Graft runs on, .safetensors or .pth.",
    ),
}
"""Kind of weights -> its name, what it is good for in a word if there is room, and in a sentence."""


COMMON = ("imagenet", "bundled", "none")
"""Kinds of weights that one choice can mean for several networks."""


def common_starts(backbones: Sequence[str]) -> tuple[list[str], str]:
    """What all of these networks can start from, and which of it they do unless a person chooses.

    Networks that nobody published weights for begin from nothing whatever the others do.
    """
    known = [name for name in backbones if backbone_info(name).pretrained]
    there = {"imagenet": bool(known), "bundled": bool(known) and set(known) <= set(bundled_weights()), "none": True}
    kinds = [kind for kind in COMMON if there[kind]]
    usual = usual_start(known[0]) if there["bundled"] else kinds[0]
    return kinds, usual


def out_of_reach(backbones: Sequence[str]) -> None:
    """Says of which networks the photographs' weights cannot be had now, before a training fails of it."""
    missing = _missing(str(graft().settings.home), tuple(backbones))
    if missing:
        told = unavailable(missing)
        st.warning(f"{md(told.message)} {md(told.hint)}", icon=":material/cloud_off:")


@st.cache_data(ttl=300, show_spinner=False)
def _missing(home: str, backbones: tuple[str, ...]) -> list[str]:
    # `home` is there for the key, as in `_usual`.
    return graft().training.out_of_reach(backbones)


def usual_start(backbone: str) -> str:
    """What a training of that network starts from unless a person chooses."""
    return _usual(str(graft().settings.home), backbone)


def automatic_network() -> str:
    """The network that Automatic takes on this machine."""
    return _automatic(str(graft().settings.home))


@st.cache_data(ttl=300, show_spinner=False)
def _automatic(home: str) -> str:
    return graft().training.automatic_backbone()


@st.cache_data(ttl=300, show_spinner=False)
def _usual(home: str, backbone: str) -> str:
    # `home` is there for the key: hosts and files at hand belong to its settings.
    return graft().training.usual_weights(backbone)


def start_name(kind: str) -> str:
    """What people call it."""
    return START_WORDS[kind][0]


def start_of(weights: str) -> str:
    """What a recipe's weights are, as people call them."""
    if earlier := earlier_model(weights):
        return earlier.words
    kind, _, value = weights.partition(":")
    return value if kind == "file" else start_name(kind)


def start_words(weights: str) -> str:
    """Where a recipe's weights come from, within a line of facts, as Markdown."""
    before = "goes on from" if weights.startswith("run:") else "start:"
    return f"{before} {md(start_of(weights))}"


def start_option(kind: str) -> str:
    """A line of a list to choose from."""
    name, gist, _ = START_WORDS[kind]
    return f"{name}: {gist}" if gist else name


def good_for(there: dict[str, bool]) -> None:
    """The button that opens what each is good for, also of those that are not `there` yet."""
    with st.popover("What is each good for?", type="tertiary"):
        for kind, (name, _, words) in START_WORDS.items():
            missing = "" if there.get(kind, True) else " *There is none yet for this network.*"
            st.markdown(f"**{name}.** {words}{missing}")
