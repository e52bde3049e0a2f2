"""Choosing how to train, in an expert's words."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from app.context import graft
from app.parts.text import md
from core.catalogue import backbone_info, bundled_weights
from core.recipes import AUTOMATIC, PRESETS, Recipe
from core.services.training import MOST_FOLDS, MOST_REPEATS, BackboneInfo, RunRecord, search_backbones
from core.types import ProjectId

PRESET_WORDS = {
    AUTOMATIC: ("Automatic", "Chosen for your pictures and this machine:"),
    "instant": ("Instant", "Seconds. Looks at each picture once and learns only the last layer."),
    "balanced": ("Balanced", "Minutes. Learns the last layer first, then lets the network adapt from the top down."),
    "thorough": ("Thorough", "Longest, best with many pictures. The whole network learns, with every trick."),
}
AUGMENTATION_WORDS = {
    "none": "None",
    "light": "Light: small shifts, nothing mirrored (X-rays)",
    "standard": "Standard: also mirrored and turned (leaves, cells)",
    "strong": "Strong: more of all, parts hidden",
    "trivial": "One random change of each picture",
}
IMBALANCE_WORDS = {
    "ignore": "Count as they come",
    "weights": "Weigh more",
    "effective": "Weigh a little more",
    "logits": "Are corrected for their rarity",
    "sampling": "Are shown more often",
}
WEIGHTS_WORDS = {
    "imagenet": (
        "Everyday photographs (ImageNet)",
        "The best start. Downloaded once, so Graft needs a network connection the first time.",
    ),
    "bundled": (
        "Drawn pictures (comes with Graft)",
        "Works everywhere, without a network connection. Better than nothing, not as good as photographs.",
    ),
    "own": (
        "Your own pictures, without labels",
        "What a network learnt on page Learn without labels. Good when you have many more pictures than labels.",
    ),
    "run": (
        "An earlier model of this project",
        "Goes on from what it has learnt: for new labels, or after pictures from another place.",
    ),
    "none": ("Nothing", "Learns to see from your pictures alone: only with thousands of labels, or to compare."),
    "file": ("A file of weights", "One that lies on the computer Graft runs on, .safetensors or .pth."),
}
"""What a training can start from: its name, and what it is good for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for: how to train, and in how many folds and repeats (0: in none)."""

    recipe: Recipe
    folds: int = 0
    repeats: int = 1


def recipe_form(project: ProjectId) -> Wanted | None:
    """Draws the choices; returns them when the person starts the training."""
    preset = st.segmented_control(
        "How thoroughly?",
        [AUTOMATIC, *PRESETS],
        default="balanced",
        format_func=lambda name: PRESET_WORDS[name][0],
        key="preset",
    )
    preset = preset or "balanced"
    st.caption(PRESET_WORDS[preset][1])
    if preset == AUTOMATIC:
        return _automatic(project)
    left, right = st.columns(2)
    with left:
        backbone = _backbone()
    with right:
        weights = _weights(project, backbone)
    folds, repeats = _folds()
    settings = {"backbone": backbone.name, "weights": weights, **_details(PRESETS[preset])}
    if not st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=not weights):
        return None
    return Wanted(PRESETS[preset].with_settings(settings), folds, repeats)


def _automatic(project: ProjectId) -> Wanted | None:
    """What the rules choose, and why."""
    choice = graft().training.automatic(project)
    st.markdown("\n".join(f"- {md(reason)}" for reason in choice.reasons))
    weights = _weights(project, backbone_info(choice.recipe.backbone))
    folds, repeats = _folds()
    if not st.button(
        "Start training", type="primary", icon=":material/play_arrow:", disabled=not weights, key="start-automatic"
    ):
        return None
    return Wanted(dataclasses.replace(choice.recipe, weights=weights), folds, repeats)


def _folds() -> tuple[int, int]:
    """How the model is judged: once, or fold by fold."""
    left, middle, right = st.columns([4, 2, 2])
    folded = left.selectbox(
        "How it is judged",
        [False, True],
        format_func=lambda value: (
            "Fold by fold: slower, surer with few pictures" if value else "Once: quick, the usual way"
        ),
        help="Fold by fold (cross-validation) trains several times, each time judged on other pictures, so that every "
        "picture but the test pictures is judged by a model that has not seen it. All folds together are one model.",
    )
    if not folded:
        return 0, 1
    folds = middle.number_input("Folds", 2, MOST_FOLDS, 5)
    return folds, right.number_input("Repeats", 1, MOST_REPEATS, 1, help="So many times, with other folds.")


def _backbone() -> BackboneInfo:
    above = st.container()
    text = st.text_input(
        "Or search all networks", placeholder="resnet50, efficientnet, vit …", help="More than a thousand, by name."
    )
    found = search_backbones(text)[:200]
    if not found:
        st.caption("No network has such a name; these are the recommended ones.")
        found = search_backbones("")
    return above.selectbox("Network", found, format_func=_named, key=f"backbone-{text}")


def _named(info: BackboneInfo) -> str:
    size = f"{info.parameters_m:g} million parameters"
    return f"{info.title} ({info.name}): {info.words}" if info.words else f"{info.title}, {size}"


def _weights(project: ProjectId, backbone: BackboneInfo) -> str:
    runs, own = _models(project, backbone.name), graft().pretraining.ready(project, backbone.name)
    there = {
        "imagenet": backbone.pretrained,
        "bundled": backbone.name in bundled_weights(),
        "own": bool(own),
        "run": bool(runs),
    }
    kinds = [kind for kind in WEIGHTS_WORDS if there.get(kind, True)]
    usual = _usual(str(graft().settings.home), backbone.name)
    kind = st.selectbox(
        "What it knows already", kinds, kinds.index(usual), format_func=lambda kind: WEIGHTS_WORDS[kind][0],
        key=f"weights-{kinds}-{usual}",
    )  # fmt: skip
    st.caption(WEIGHTS_WORDS[kind][1])
    if there["imagenet"] and kind == usual == "bundled":
        st.caption("Chosen because the photographs' weights cannot be downloaded from here now.")
    if kind in ("run", "own"):
        title, choices = ("Earlier model", runs) if kind == "run" else ("Pretraining", own)
        chosen = st.selectbox(title, choices, format_func=lambda run: f"Run {run.id} {run.name}".strip())
        return f"run:{chosen.id}"
    if kind == "file":
        path = st.text_input("Path of the file", placeholder="/data/weights/model.safetensors").strip()
        return f"file:{path}" if path else ""
    return str(kind)


@st.cache_data(ttl=300, show_spinner=False)
def _usual(home: str, backbone: str) -> str:
    # `home` is there for the key: hosts and files at hand belong to its settings.
    return graft().training.usual_weights(backbone)


def _models(project: ProjectId, backbone: str) -> list[RunRecord]:
    return [run for run in graft().training.with_models(project) if (run.recipe or {}).get("backbone") == backbone]


def _details(recipe: Recipe) -> dict[str, str]:
    """Fields a person may change; the preset's own values stand in them."""
    with st.expander("Details", icon=":material/tune:"):
        st.caption("The preset has chosen these. Change them only if you know why.")
        one, two, three = st.columns(3)
        key = recipe.preset
        values: dict[str, object] = {
            "epochs": one.number_input("At most so many epochs", 1, 1000, recipe.epochs, key=f"epochs-{key}"),
            "patience": two.number_input(
                "Stop after epochs without progress", 0, 1000, recipe.patience, key=f"patience-{key}"
            ),
            "image_size": three.number_input(
                "Picture size in pixels", 0, 1024, 0, step=32, help="0: the network's own.", key=f"size-{key}"
            ),
            "augmentation": one.selectbox(
                "Variation of the pictures",
                list(AUGMENTATION_WORDS),
                index=list(AUGMENTATION_WORDS).index(recipe.augmentation),
                format_func=AUGMENTATION_WORDS.__getitem__,
                disabled=recipe.tune == "head",
                key=f"augmentation-{key}",
            ),
            "framing": two.selectbox(
                "Of a picture that is not square",
                ["squash", "crop"],
                format_func={"squash": "All of it, stretched", "crop": "Its middle"}.__getitem__,
                key=f"framing-{key}",
            ),
            "learning_rate": three.number_input(
                "Learning rate", 1e-6, 1.0, recipe.learning_rate, format="%.5f", key=f"rate-{key}"
            ),
            "batch_size": one.number_input(
                "Pictures at a time", 0, 1024, 0, help="0: chosen for you.", key=f"batch-{key}"
            ),
            "imbalance": two.selectbox(
                "Rare classes",
                list(IMBALANCE_WORDS),
                index=list(IMBALANCE_WORDS).index(recipe.imbalance),
                format_func=IMBALANCE_WORDS.__getitem__,
                key=f"imbalance-{key}",
            ),
            "seed": three.number_input("Seed", 0, 2**31 - 1, recipe.seed, key=f"seed-{key}"),
        }
    return {name: str(value) for name, value in values.items()}
