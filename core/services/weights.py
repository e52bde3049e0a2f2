"""Which weights a recipe or a pretraining may start from."""

from pathlib import Path

from sqlalchemy import Engine

from core.catalogue import WeightsCard, backbone_info, bundled_weights
from core.errors import BadInput, NotFound
from core.store import predictions, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import RunId, RunKind


def parent_of(engine: Engine, weights: str, backbone: str) -> RunId | None:
    """The run that `weights` (as in a recipe) name, or None. Raises BadInput if they are not there or do not fit."""
    info, bundled = backbone_info(backbone), bundled_weights()
    kind, _, value = weights.partition(":")
    if kind == "imagenet" and not info.pretrained:
        raise BadInput(f"Nobody published weights for {backbone}.", hint="Start it from nothing: weights none.")
    if kind == "bundled" and backbone not in bundled:
        raise BadInput(
            f"Graft brings no weights for {backbone}.", hint=f"It does for {', '.join(bundled) or 'no network'}."
        )
    if kind == "file" and not Path(value).expanduser().is_file():
        raise BadInput(f"There is no file of weights {value!r}.", hint="It must be on the machine Graft runs on.")
    if kind != "run":
        return None
    run_id = RunId(int(value)) if value.isdigit() else RunId(0)
    made_for = _backbone(engine, run_id)
    if not made_for:
        raise BadInput(f"Run {value} has no model to start from.", hint="Choose a run that has ended well.")
    if made_for != backbone:
        raise BadInput(f"Run {value} is a {made_for}, not a {backbone}.", hint="Choose the same network.")
    return run_id


def card_of(run: RunRecord) -> WeightsCard:
    """The card of a pretraining that has ended well. Raises NotFound."""
    card = (run.result or {}).get("card")
    if run.kind is not RunKind.PRETRAIN or not isinstance(card, dict):
        raise NotFound(f"Run {run.id} has no pretrained weights.", hint="Choose a pretraining that has ended well.")
    return WeightsCard.from_json(card)


def _backbone(engine: Engine, run_id: RunId) -> str:
    """The network whose weights a run has made; "" if it has none."""
    with reading(engine) as session:
        card = predictions.read_card(session, run_id)
        if card is not None and card.get("members"):
            raise BadInput(f"Run {run_id} is several networks in one.", hint="Start from an ordinary training.")
        if card is not None:
            return str(card["backbone"])
        try:
            return card_of(runs.read_run(session, run_id)).backbone
        except NotFound:
            return ""
