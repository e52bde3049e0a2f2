"""Which weights a recipe or a pretraining may start from."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sqlalchemy import Engine

from core.catalogue import WeightsCard, backbone_info, bundled_weights, published_weights
from core.errors import BadInput, NotFound, WeightsUnavailable
from core.recipes import EarlierModel, Recipe, earlier_model
from core.settings import Settings, expanded
from core.store import predictions, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import RunId, RunKind, RunState
from core.words import enumerated

TIMM = "timm:"
HOST, TIMM_HOST = "https://download.pytorch.org", "https://huggingface.co"
ANSWERS_WITHIN_S = 2.0


def usual_weights(settings: Settings, backbone: str) -> str:
    """What a training starts from unless a person chooses: "imagenet", else "bundled", else "none".

    ImageNet's weights can be had if they lie in the home, or if their host answers now; a network that Graft brings
    no weights for keeps "imagenet", so that its training says what can be done. Raises BadInput.
    """
    if not backbone_info(backbone).pretrained:
        return "none"
    return "bundled" if backbone in bundled_weights() and not reaches_imagenet(settings, backbone) else "imagenet"


def reaches_imagenet(settings: Settings, backbone: str) -> bool:
    """Whether ImageNet's weights of a network lie in the home, or their host answers now."""
    return settings.holds_weights(published_weights(backbone)) or _answers(_host(settings, backbone))


def out_of_reach(settings: Settings, backbones: Sequence[str]) -> list[str]:
    """Those of the networks whose published weights cannot be had here now. Asks each host once, for two seconds."""
    answers = functools.cache(_answers)
    wanted = [name for name in backbones if backbone_info(name).pretrained]
    away = [name for name in wanted if not settings.holds_weights(published_weights(name))]
    return [name for name in away if not answers(_host(settings, name))]


def ensure_reach(settings: Settings, weights: str, backbones: Sequence[str]) -> None:
    """Raises WeightsUnavailable if networks that start from `weights` (as in a recipe) could not have them now."""
    if weights == "imagenet" and (missing := out_of_reach(settings, backbones)):
        raise unavailable(missing)


def unavailable(missing: Sequence[str]) -> WeightsUnavailable:
    """Why nothing starts from the published weights of these networks now, and the ways out."""
    files = sum(not name.startswith(TIMM) for name in missing)
    theirs = "their files" if files == len(missing) else "the files of those that are torchvision's"
    installed = f"install {theirs} (graft weights install), " if files else ""
    return WeightsUnavailable(
        f"The weights of {enumerated(missing)} cannot be downloaded from here now, and without them the training "
        "fails.",
        hint=f"Connect Graft to the network once, {installed}or choose another start: nothing, or for "
        f"{' or '.join(bundled_weights())} drawn pictures, which come with Graft.",
    )


def _host(settings: Settings, backbone: str) -> str:
    return settings.weights_url or (TIMM_HOST if backbone.startswith(TIMM) else HOST)


def _answers(url: str) -> bool:
    try:
        with urlopen(Request(url, method="HEAD"), timeout=ANSWERS_WITHIN_S):
            return True
    except HTTPError:
        return True  # whatever it says, it is there
    except (OSError, ValueError):
        return False


def parent_of(engine: Engine, settings: Settings, weights: str, backbone: str) -> RunId | None:
    """The run that `weights` (as in a recipe) name, or None. Raises BadInput if they are not there or do not fit."""
    info, bundled = backbone_info(backbone), bundled_weights()
    kind, _, value = weights.partition(":")
    if kind == "imagenet" and not info.pretrained:
        raise BadInput(f"Nobody published weights for {backbone}.", hint="Start it from nothing: weights none.")
    if kind == "bundled" and backbone not in bundled:
        raise BadInput(
            f"Graft brings no weights for {backbone}.", hint=f"It does for {', '.join(bundled) or 'no network'}."
        )
    if kind == "file" and not expanded(value).is_file():
        raise BadInput(f"There is no file of weights {value!r}.", hint="It must be on the machine Graft runs on.")
    if kind != "run":
        return None
    earlier = earlier_model(weights)
    made_for = "" if earlier is None else _backbone(engine, settings, earlier)
    if earlier is None or not made_for:
        hint = "Choose a training or a pretraining that has ended well."
        raise BadInput(f"Run {value} has no model to start from.", hint=hint)
    if made_for != backbone:
        raise BadInput(f"Run {earlier.run} is a {made_for}, not a {backbone}.", hint="Choose the same network.")
    return RunId(earlier.run)


def settled(engine: Engine, recipe: Recipe) -> Recipe:
    """The recipe; where it starts from a cross-validation, from the fold that did best on what it had not seen."""
    earlier = earlier_model(recipe.weights)
    if earlier is None or earlier.fold:
        return recipe
    with reading(engine) as session:
        try:
            folds = (runs.read_run(session, RunId(earlier.run)).result or {}).get("folds")
        except NotFound:
            return recipe  # which `parent_of` then refuses
    scores = folds.get("scores") if isinstance(folds, dict) else None
    if not isinstance(scores, list) or not scores:
        return recipe
    best = max(range(len(scores)), key=lambda index: float(str(scores[index])))
    return replace(recipe, weights=EarlierModel(earlier.run, best + 1).weights)


def know_much(engine: Engine, weights: str) -> bool:
    """Whether these weights (as in a recipe) have seen millions of photographs, or are a model's, or a person's file.

    The package's have seen drawn pictures; a pretraining's know what it began with, and what a project has to show.
    (Whose statistics batch norm holds is another question: `core.models.knows_photographs`.)
    Raises NotFound.
    """
    earlier = earlier_model(weights)
    if earlier is None:
        return weights not in ("bundled", "none")
    with reading(engine) as session:
        run = runs.read_run(session, RunId(earlier.run))
    return run.kind is not RunKind.PRETRAIN or know_much(engine, card_of(run).start)


def card_of(run: RunRecord) -> WeightsCard:
    """The card of a pretraining that has ended well. Raises NotFound."""
    card = (run.result or {}).get("card")
    if run.kind is not RunKind.PRETRAIN or not isinstance(card, dict):
        raise NotFound(f"Run {run.id} has no pretrained weights.", hint="Choose a pretraining that has ended well.")
    return WeightsCard.from_json(card)


def has_kept(settings: Settings, run: RunRecord) -> bool:
    """Whether of a training that failed the best epoch's weights are kept, to go on from."""
    failed = run.kind is RunKind.TRAIN and run.state is RunState.FAILED
    return failed and not run.payload.get("folds") and settings.checkpoint(run.id).is_file()


def _backbone(engine: Engine, settings: Settings, earlier: EarlierModel) -> str:
    """The network whose weights a run has made; "" if it has none."""
    run_id = RunId(earlier.run)
    with reading(engine) as session:
        card = predictions.read_card(session, run_id)
        members = int(str((card or {}).get("members") or 0))
        if members and not earlier.fold:
            raise BadInput(
                f"Run {run_id} is several networks in one.", hint=f"Start from one of them: run:{run_id}/fold-1."
            )
        if earlier.fold > members:
            raise BadInput(f"Run {run_id} has no fold {earlier.fold}.", hint=f"It has {members or 'none'}.")
        if card is not None:
            return str(card["backbone"])
        try:
            run = runs.read_run(session, run_id)
            return str((run.recipe or {})["backbone"]) if has_kept(settings, run) else card_of(run).backbone
        except NotFound:
            return ""
