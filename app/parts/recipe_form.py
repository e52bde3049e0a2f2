"""Choosing how to train, in an expert's words."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from app.context import graft
from app.links import int_param
from app.parts.foreseen import foreseen_folds
from app.parts.pretraining_status import pretraining_title
from app.parts.recipe_details import recipe_details
from app.parts.recipe_words import PRESET_WORDS, SAVED
from app.parts.starts import (
    START_WORDS,
    automatic_network,
    good_for,
    out_of_reach,
    start_of,
    start_option,
    start_words,
    usual_start,
)
from app.parts.text import md
from core.catalogue import backbone_info, bundled_weights
from core.recipes import AUTOMATIC, PRESETS, Recipe
from core.services.projects import ProjectView
from core.services.training import MOST_FOLDS, MOST_REPEATS, BackboneInfo, RunRecord, search_backbones
from core.types import ProjectId

JUDGING_WORDS = {
    "once": "Once: quick, the usual way",
    "folds": "Fold by fold: slower, surer with few pictures",
    "shuffle": "On random parts, as often as you like",
}

LEFT_OUT_WORDS = {
    "case": "Each plant, patient or other case",
    "group": "Each field, clinic or other group",
}
"""What no fold cuts through -> in an expert's words."""

LITTLE_KNOWN = {
    "all": "It knows little yet: here all of it learns from the start, as fast as its last layer.",
    "two_step": "It knows nothing yet: here its two branches learn apart first, then joined.",
}
"""What learns in place of what the preset says -> why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for: how to train, and in how many folds (0: none) and repeats, or random splits.

    `keep_together` says what no fold cuts through: "case" or "group"; `reasons` why rules chose the recipe.
    """

    recipe: Recipe
    folds: int = 0
    repeats: int = 1
    shuffle: bool = False
    keep_together: str = "case"
    reasons: tuple[str, ...] = ()


def recipe_form(project: ProjectView) -> Wanted | None:
    """Draws the choices; returns them when the person starts the training."""
    saved = graft().recipes.list()
    preset = st.segmented_control(
        "How thoroughly?",
        [AUTOMATIC, *PRESETS, *([SAVED] if saved else [])],
        default="balanced" if asked_start(project.id) else AUTOMATIC,  # the rules choose their own network
        required=True,
        format_func=lambda name: PRESET_WORDS[name][0],
        key="preset",
    )
    st.caption(PRESET_WORDS[preset][1])
    if preset == AUTOMATIC:
        wanted = _automatic(project)
    else:
        wanted = _left(_saved(saved) if preset == SAVED else _chosen(project.id, PRESETS[preset]), project)
    if kept := graft().training.kept(project.id, wanted.recipe):
        st.caption(f"Goes on from {md(start_of(wanted.recipe.weights))}. {md(kept)}")
    unready = not wanted.recipe.weights.removeprefix("file:")
    start = st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=unready)
    return wanted if start else None


def _left(recipe: Recipe, project: ProjectView) -> Wanted:
    """How it is judged, and the recipe as the person leaves it."""
    return dataclasses.replace(_judging(recipe, project.id), recipe=recipe_details(recipe, project))


def _chosen(project: ProjectId, recipe: Recipe) -> Recipe:
    """The preset with a network and what it knows, which decides how boldly it learns."""
    left, right = st.columns(2)
    with left:
        backbone = _backbone(project)
    with right:
        weights = _weights(project, backbone) or "file:"
    begun = graft().training.starting_from(dataclasses.replace(recipe, backbone=backbone.name), weights)
    if begun.tune != recipe.tune:
        st.caption(LITTLE_KNOWN[begun.tune])
    return begun


def _saved(saved: dict[str, Recipe]) -> Recipe:
    """A recipe that was saved; network and weights belong to it."""
    name = st.selectbox("Saved recipe", list(saved))
    recipe = saved[name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Network {md(recipe.backbone)} · {start_words(recipe.weights)}")
        with st.popover("Forget it", type="tertiary"):
            st.caption("Trainings keep theirs.")
            if st.button("Forget this recipe", icon=":material/delete:"):
                graft().recipes.delete(name)
                st.rerun()
    return recipe


def _automatic(project: ProjectView) -> Wanted:
    """What the rules choose, and why; of what a person changed, no reason is told."""
    why = st.container()
    network = automatic_network()
    weights = _weights(project.id, backbone_info(network))
    choice = graft().training.automatic(project.id, network, weights or "file:")
    wanted = _left(choice.recipe, project)
    found, left = choice.recipe.to_json(), wanted.recipe.to_json()
    kept = choice.without([name for name in found if found[name] != left[name]])
    why.markdown("\n".join(f"- {md(reason)}" for reason in kept.reasons))
    return dataclasses.replace(wanted, reasons=kept.reasons)


def _judging(recipe: Recipe, project: ProjectId) -> Wanted:
    """How the model is judged: once, or several times."""
    left, middle, right = st.columns([4, 2, 2])
    how = left.selectbox(
        "How it is judged",
        list(JUDGING_WORDS),
        format_func=JUDGING_WORDS.__getitem__,
        help="Fold by fold (cross-validation) trains several times, each time judged on other pictures, so that every "
        "picture but the test pictures is judged by a model that has not seen it. Random parts (shuffle split) are "
        "drawn anew each time, a fifth of all. All of them together are one model.",
    )
    if how == "once":
        return Wanted(recipe)
    shuffle, repeats = how == "shuffle", 1
    if shuffle:
        folds = middle.number_input("How often", 2, MOST_FOLDS, 10)
    else:
        folds = middle.number_input("Folds", 2, MOST_FOLDS, 5)
        repeats = right.number_input("Repeats", 1, MOST_REPEATS, 1, help="So many times, other folds.")
    together = _kept_together(project)
    foreseen_folds(project, folds, shuffle=shuffle, keep_together=together)
    return Wanted(recipe, folds, repeats, shuffle=shuffle, keep_together=together)


def _kept_together(project: ProjectId) -> str:
    """What is left out as a whole: asked only where pictures name both cases and groups."""
    if not graft().training.names_both(project):
        return "case"
    return str(
        st.selectbox(
            "What is left out as a whole",
            list(LEFT_OUT_WORDS),
            format_func=LEFT_OUT_WORDS.__getitem__,
            help="Pictures of one case look alike, and so do those of one field, clinic or camera. To know how well "
            "the model does at a new place, leave whole groups out. The test pictures were kept aside by case: they "
            "may come from groups that the model knows.",
        )
    )


def _backbone(project: ProjectId) -> BackboneInfo:
    above = st.container()
    text = st.text_input(
        "Or search all networks", placeholder="resnet50, efficientnet, vit …", help="More than a thousand, by name."
    )
    found = search_backbones(text)[:200]
    if not found:
        st.caption("No network has such a name; these are the recommended ones.")
        found = search_backbones("")
    wanted = asked_start(project)
    names = [item.name for item in found]
    asked = str(wanted.payload["backbone"]) if wanted else ""
    first = names.index(asked) if asked in names else 0
    chosen: BackboneInfo = above.selectbox("Network", found, first, format_func=_named, key=f"backbone-{text}-{first}")
    if chosen.words:
        above.caption(chosen.words)
    return chosen


def _named(info: BackboneInfo) -> str:
    size = f"{info.parameters_m:g} million parameters"
    return f"{info.title} ({info.name})" if info.words else f"{info.title}, {size}"


def _weights(project: ProjectId, backbone: BackboneInfo) -> str:
    runs, own = _models(project, backbone.name), graft().pretraining.ready(project, backbone.name)
    there = {
        "imagenet": backbone.pretrained,
        "bundled": backbone.name in bundled_weights(),
        "own": bool(own),
        "run": bool(runs),
    }
    kinds = [kind for kind in START_WORDS if there.get(kind, True)]
    wanted = asked_start(project)
    asked = wanted is not None and wanted in own
    usual = "own" if asked else usual_start(backbone.name)
    kind = st.selectbox(
        "What it knows already", kinds, kinds.index(usual), format_func=start_option, key=f"weights-{kinds}-{usual}"
    )
    st.caption(START_WORDS[kind][2])
    if kind == "imagenet":
        out_of_reach([backbone.name])
    good_for(there)
    if there["imagenet"] and kind == usual == "bundled":
        st.caption("Chosen because the photographs' weights cannot be downloaded from here now.")
    if kind in ("run", "own"):
        title, choices = ("Earlier model", runs) if kind == "run" else ("Pretraining", own)
        first = choices.index(wanted) if kind == "own" and wanted in choices else 0
        chosen = st.selectbox(title, choices, first, format_func=lambda run: _start_words(project, run, kind))
        return f"run:{chosen.id}"
    if kind == "file":
        path = st.text_input("Path of the file", placeholder="/data/weights/model.safetensors").strip()
        return f"file:{path}" if path else ""
    return str(kind)


def asked_start(project: ProjectId) -> RunRecord | None:
    """The pretraining in the address that a training is to start from."""
    wanted = int_param("start")
    if wanted is None:
        return None
    return next((run for run in graft().pretraining.ready(project) if run.id == wanted), None)


def _models(project: ProjectId, backbone: str) -> list[RunRecord]:
    """Trainings of any project whose network is this one; the project's own first."""
    return graft().training.earlier_models(project, backbone)


def _start_words(project: ProjectId, run: RunRecord, kind: str) -> str:
    if kind == "own":
        return pretraining_title(run)
    if run.project_id is None or run.project_id == project:
        return run.title
    return f"{run.title} · {graft().projects.read(run.project_id).name}"
