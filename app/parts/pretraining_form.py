"""Asking for a pretraining, in an expert's words."""

from dataclasses import dataclass

import streamlit as st

from app.context import graft
from app.links import page_link
from app.parts.starts import start_name
from app.parts.text import count, duration
from core.catalogue import PRETRAININGS, backbone_info, bundled_weights
from core.services.pretraining import PretrainPayload, search_backbones
from core.types import ProjectId

MINUTES = (5, 15, 30, 60, 180, 600, 1440)
OWN, DRAWN = "Your pictures", "Drawn pictures"


@dataclass(frozen=True, slots=True)
class WantedPretraining:
    """What a person asks for; `drawn`: from pictures by formula instead of the project's."""

    payload: PretrainPayload
    drawn: bool


def pretraining_form(project: ProjectId) -> WantedPretraining | None:
    """Draws the choices; returns them when the person starts the pretraining."""
    images, lacking = graft().pretraining.pictures(project), graft().pretraining.lacking(project)
    source = st.segmented_control("Learn from", [OWN, DRAWN], default=DRAWN if lacking else OWN, required=True)
    drawn = source == DRAWN
    st.caption(
        "Fractals and patterns that Graft draws. What a network learns from them serves every project."
        if drawn
        else f"{count(images, 'picture')} of this project. It takes thousands, and hours; compare it with other starts."
    )
    if lacking:
        st.info(lacking, icon=":material/hourglass_empty:")
        page_link("Add images", "images", icon=":material/add_photo_alternate:", run=None)
    left, right = st.columns(2)
    network = left.selectbox(
        "Network", [item.name for item in search_backbones("")], format_func=_network_words, key="pretrain-network",
        help="A training that starts from this must use the same network.",
    )  # fmt: skip
    minutes = right.select_slider(
        "How long", MINUTES, 60, format_func=lambda value: duration(60.0 * value),
        help="It runs in the background and can be stopped."
        + (" Longer is better, with ever smaller gains." if drawn else ""),
    )  # fmt: skip
    payload = _details(network, float(minutes), drawn)
    if not st.button("Start", type="primary", icon=":material/play_arrow:", disabled=bool(lacking) and not drawn):
        return None
    return WantedPretraining(payload, drawn)


def _network_words(name: str) -> str:
    info = backbone_info(name)
    return f"{info.title} ({name})"


def _details(network: str, minutes: float, drawn: bool) -> PretrainPayload:
    """Fields that are chosen well already."""
    starts = ["none", "imagenet"]
    if network in bundled_weights():
        starts.insert(0, "bundled")
    methods = [name for name, info in PRETRAININGS.items() if drawn or not info.needs_formulas]
    with st.expander("Details", icon=":material/tune:"):
        one, two = st.columns(2)
        method = one.selectbox(
            "What it is asked", methods, format_func=lambda name: PRETRAININGS[name].title, key=f"method-{drawn}"
        )
        one.caption(f"{PRETRAININGS[method].words} [Paper]({PRETRAININGS[method].paper})")
        start = two.selectbox("What it knows already", starts, format_func=start_name, key=f"start-{network}")
        size = one.number_input(
            "Picture size in pixels", 0, 1024, 0, step=32, help="0: chosen for you.", key="pretrain-size"
        )
        batch = two.number_input(
            "Pictures at a time", 4, 1024, 64, help="Each is seen in two views.", key="pretrain-batch"
        )
    return PretrainPayload(
        backbone=network, method=method, minutes=minutes, image_size=size, batch_size=batch, weights=start
    )
