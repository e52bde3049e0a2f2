"""Starting pretrainings, and the weights there are: bundled, made here, or installed."""

import dataclasses
import functools
import hashlib
import itertools
import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import safetensors

from core.catalogue import (
    BUNDLED,
    COLLAPSED_RANK,
    COLLAPSED_SPREAD,
    PRETRAININGS,
    WEIGHTS_SUFFIXES,
    WeightsCard,
    backbone_info,
    bundled_weights,
    ensure_pictures,
    search_backbones,
)
from core.errors import BadInput, NotEnoughImages, NotFound, ensure_between
from core.jobs.payloads import PretrainPayload
from core.media import write_file
from core.recipes import LARGEST_SEED, ensure_weights
from core.services.base import Service
from core.services.outside import whole_file
from core.services.weights import card_of, parent_of
from core.store import images, projects, runs
from core.store.db import reading
from core.store.runs import RunRecord
from core.types import ProjectId, RunId, RunKind, RunState

__all__ = ["PretrainPayload", "Pretraining", "RunRecord", "SignsView", "Verdict", "WeightsEntry", "search_backbones"]

HASHED = re.compile(r"-([0-9a-f]{8,})\.pth$")
MOST_MINUTES, MOST_STEPS = 60 * 24 * 30, 100_000_000
CLEARLY = 0.03
"""How much the neighbours' share must have risen, and the loss fallen as a share of itself, to be called learning."""
LOOKS, BEYOND = 5, 2.5
"""Looks that it takes to tell a rise, which must be so many times what two looks in a row usually differ by.

Of looks that only vary by chance, fewer than one in twenty rise so far (simulated, 5 to 51 normal ones).
"""
Points = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsEntry:
    """Weights that a recipe can start from: `weights` is what its field of that name says."""

    weights: str
    backbone: str
    words: str
    path: Path


class Verdict(StrEnum):
    """What the signs say together."""

    EARLY = "early"
    LEARNS = "learns"
    FLAT = "flat"
    COLLAPSED = "collapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignsView:
    """The signs of a pretraining, each as points (step, value); `neighbours` is empty without labels.

    neighbours  share in [0, 1] of labelled pictures that their nearest neighbours name rightly, all classes alike
    spread      in [0, 1], how far apart pictures lie to the network
    rank        how many directions its features use, from 1
    loss        how far it is from what it is asked
    labelled    how many labelled pictures `neighbours` are of; 0: not recorded, or none
    """

    neighbours: Points
    spread: Points
    rank: Points
    loss: Points
    labelled: int
    verdict: Verdict


def judge(neighbours: Points, spread: Points, rank: Points, loss: Points, labelled: int = 0) -> Verdict:
    """What they say together; `neighbours` counts most, the loss only where there are no labels."""
    if len(spread) < 2 or len(rank) < 2:
        return Verdict.EARLY
    if spread[-1][1] < COLLAPSED_SPREAD or rank[-1][1] < COLLAPSED_RANK:
        return Verdict.COLLAPSED
    values = [value for _, value in neighbours] or [-value for _, value in loss]
    if len(values) < LOOKS:
        return Verdict.EARLY
    least = max(CLEARLY, _chance(values, labelled)) if neighbours else CLEARLY * abs(values[0])
    steps = [abs(new - old) for old, new in itertools.pairwise(values)]
    least = max(least, BEYOND * sum(steps) / len(steps))
    return Verdict.LEARNS if values[-1] - values[0] > least else Verdict.FLAT


def _chance(shares: Sequence[float], pictures: int) -> float:
    """How far two shares of so many pictures can lie apart by chance, the first and the last, at 95%.

    As if they were of different pictures: they are of the same, so that it is rather too far.
    """
    ends = (shares[0], shares[-1])
    return 1.96 * math.sqrt(sum(share * (1 - share) for share in ends) / pictures) if pictures else 0.0


class Pretraining(Service):
    """Pretrainings and their weights."""

    def start(self, project_id: ProjectId | None, payload: PretrainPayload, name: str = "") -> RunId:
        """Queue a pretraining on a project's pictures, or on drawn ones for None.

        An empty `method` or `weights` is chosen: for drawn pictures supervised, from nothing; for others VICReg,
        from the bundled weights where there are some. Raises BadInput, NotFound, NotEnoughImages with the smallest
        number.
        """
        backbone_info(payload.backbone)
        payload = _completed(payload, formula=project_id is None)
        _check(payload, formula=project_id is None)
        parent = parent_of(self.engine, self.settings, payload.weights, payload.backbone)
        if project_id is not None:
            with reading(self.engine) as session:
                projects.read_project(session, project_id)
                ensure_pictures(images.count_blobs(session, project_id))
        return self.queue.enqueue(payload, project_id=project_id, name=name or "Pretraining", parent_id=parent)

    def pictures(self, project_id: ProjectId) -> int:
        """How many pictures of a project a network may look at: none of the test split, each once."""
        with reading(self.engine) as session:
            return images.count_blobs(session, project_id)

    def lacking(self, project_id: ProjectId) -> str:
        """What keeps a network from learning from the project's own pictures, or ""."""
        try:
            ensure_pictures(self.pictures(project_id))
        except NotEnoughImages as error:
            return str(error)
        return ""

    def ready(self, project_id: ProjectId, backbone: str = "") -> list[RunRecord]:
        """Pretrainings that ended well, on the project's pictures or on drawn ones, newest first.

        Of that network, if one is named.
        """
        done = [run for run in self.list(project_id) if run.state is RunState.DONE]
        return [run for run in done if backbone in ("", run.payload.get("backbone"))]

    def signs(self, run_id: RunId) -> SignsView:
        """What shows, so far, whether the network learns."""
        with reading(self.engine) as session:
            curves = runs.read_metrics(session, run_id)
        points = {name: curves.get(name, []) for name in ("neighbours", "spread", "rank")}
        loss = curves.get("train/loss", [])
        labelled = int(curves["labelled"][-1][1]) if "labelled" in curves else 0
        verdict = judge(**points, loss=loss, labelled=labelled)
        return SignsView(**points, loss=loss, labelled=labelled, verdict=verdict)

    def weights(self) -> tuple[WeightsEntry, ...]:
        """Everything a recipe's `weights` can name on this machine."""
        bundled = [
            WeightsEntry(weights="bundled", backbone=name, words=_words(card), path=BUNDLED / f"{name}.safetensors")
            for name, card in bundled_weights().items()
        ]
        made = [self._made(run) for run in reversed(self.list()) if run.state is RunState.DONE]
        files = sorted(path for path in self.settings.weights.glob("*") if path.suffix in WEIGHTS_SUFFIXES)
        installed = [
            WeightsEntry(weights=f"file:{path}", backbone="", words="installed or downloaded", path=path)
            for path in files
        ]
        return (*bundled, *made, *installed)

    def _made(self, run: RunRecord) -> WeightsEntry:
        card = card_of(run)
        path = self.settings.models / str(run.id) / "weights.safetensors"
        return WeightsEntry(weights=f"run:{run.id}", backbone=card.backbone, words=_words(card), path=path)

    def export(self, weights: str, target: Path) -> Path:
        """Copy weights, as `weights()` names them or by a bundled one's backbone, with their card. Raises NotFound."""
        found = [item for item in self.weights() if weights in (item.weights, item.backbone)]
        if not found:
            raise NotFound(f"There are no weights {weights!r}.", hint="List them: graft weights list.")
        source = found[0].path
        if target.is_dir():
            stem = found[0].backbone.replace(":", "-") if source.stem == "weights" else source.stem
            target = target / f"{stem}{source.suffix}"
        whole_file(target, functools.partial(shutil.copyfile, source))
        card = source.with_suffix(".json")
        if card.is_file():
            whole_file(target.with_suffix(".json"), functools.partial(shutil.copyfile, card))
        return target

    def install(self, source: Path) -> WeightsEntry:
        """Keep a file of weights in the home; torchvision's, by its own name, is then not downloaded any more.

        Raises BadInput for what is no file of weights, or has another hash than its name says.
        """
        if not source.is_file():
            raise BadInput(f"There is no file {source}.", hint="Check the path.")
        if source.suffix not in WEIGHTS_SUFFIXES:
            raise BadInput(
                f"{source} is no file of weights.", hint=f"Give one that ends in {', '.join(WEIGHTS_SUFFIXES)}."
            )
        content = source.read_bytes()
        promised = HASHED.search(source.name)
        if promised and not hashlib.sha256(content).hexdigest().startswith(promised[1]):
            raise BadInput(f"{source.name} is damaged: its hash is not the one in its name.", hint="Fetch it again.")
        if source.suffix == ".safetensors":
            _check_whole(source)
        path = self.settings.weights / source.name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)
        return WeightsEntry(weights=f"file:{path}", backbone="", words="installed", path=path)

    # Last, because it hides the built-in `list` from what follows in this class.
    def list(self, project_id: ProjectId | None = None) -> list[RunRecord]:
        """Pretrainings, newest first: of a project and on drawn pictures, or all for None."""
        with reading(self.engine) as session:
            found = runs.list_runs(session, kinds=[RunKind.PRETRAIN])
        return [run for run in found if project_id is None or run.project_id in (None, project_id)]


def _words(card: WeightsCard) -> str:
    """Fit for a line of a table; what they are worth stands in the card itself."""
    return f"{PRETRAININGS[card.method].title}, {card.pictures}, {card.minutes:g} minutes on {card.machine}"


def _check_whole(file: Path) -> None:
    try:
        with safetensors.safe_open(file, framework="numpy"):
            pass  # its header says how long it has to be
    except safetensors.SafetensorError as error:
        raise BadInput(f"{file.name} is damaged, or not what its name says.", hint="Fetch it again.") from error


def _completed(payload: PretrainPayload, *, formula: bool) -> PretrainPayload:
    bundled = "bundled" if not formula and payload.backbone in bundled_weights() else "none"
    return dataclasses.replace(
        payload,
        method=payload.method or ("supervised" if formula else "vicreg"),
        weights=payload.weights or bundled,
    )


def _check(payload: PretrainPayload, *, formula: bool) -> None:
    ensure_weights(payload.weights)
    method = PRETRAININGS.get(payload.method)
    if method is None:
        raise BadInput(f"There is no method {payload.method!r}.", hint=f"Choose one of {', '.join(PRETRAININGS)}.")
    if method.needs_formulas and not formula:
        raise BadInput(
            f"{payload.method} needs pictures by formula.", hint="Choose another method for a project's own pictures."
        )
    for name, value, low, high in (
        ("minutes", payload.minutes, 0.05, MOST_MINUTES),
        ("image_size", payload.image_size or 32, 32, 1024),
        ("batch_size", payload.batch_size, 4, 8192),
        ("fractals", payload.fractals, 2, 100_000),
        ("each", payload.each or 2, 2, 100_000),
        ("steps", payload.steps, 0, MOST_STEPS),
        ("seed", payload.seed, 0, LARGEST_SEED),
    ):
        ensure_between(name, value, low, high)
