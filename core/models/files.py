"""A model's files: weights.safetensors and card.json. Reading them runs no code.

An ensemble has a card of its own, and a folder with these files for each member: fold-1, fold-2, ...
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from core.catalogue import ModelCard, WeightsCard
from core.errors import GraftError, NotFound
from core.media import write_file
from core.models.ensemble import Ensemble, Member
from core.models.likeness import FILE as LIKENESS
from core.models.likeness import JointLikeness, Likeness
from core.models.network import Network
from core.types import JsonObject

WEIGHTS, CARD, WEIGHTS_CARD = "weights.safetensors", "card.json", "weights.json"
WAY_OUT = "Put it back from a copy of Graft's home, or train again: the run's page has the command that repeats it."


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network ready for use, in evaluation mode, its card, and what it learnt from, where that was kept."""

    network: Network
    card: ModelCard
    likeness: Likeness | JointLikeness | None = None


def save_model(folder: Path, network: Network, card: ModelCard) -> JsonObject:
    """Write the model; returns file name -> sha256."""
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    return _write(folder, {WEIGHTS: safetensors.torch.save(state), CARD: _card_bytes(card)})


def save_ensemble(folder: Path, card: ModelCard) -> JsonObject:
    """Write the card of an ensemble whose members lie in `folder` already; returns file name -> sha256 of all."""
    files = _write(folder, {CARD: _card_bytes(card)})
    for name in member_names(card):
        for file in (WEIGHTS, CARD):
            with (folder / name / file).open("rb") as content:
                files[f"{name}/{file}"] = hashlib.file_digest(content, "sha256").hexdigest()
    return files


def read_card(folder: Path) -> ModelCard:
    """The model's card. Raises FileNotFoundError."""
    return ModelCard.from_json(json.loads((folder / CARD).read_text("utf-8")))


def check_files(folder: Path, files: Mapping[str, object]) -> None:
    """Hold a run's files against the sha256 of each that `save_model` gave: a damaged one may still be readable.

    Raises NotFound for one that is gone, GraftError for one that is not what was written.
    """
    for name, written in files.items():
        try:
            with (folder / name).open("rb") as content:
                found = hashlib.file_digest(content, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise NotFound(f"The file {name} of the model of run {folder.name} is gone.", hint=WAY_OUT) from error
        if found != written:
            raise _damaged(folder, name)


def check_pretrained(folder: Path) -> None:
    """The same for what `save_body` wrote into a run's folder, if it has any."""
    card = folder / WEIGHTS_CARD
    if (folder / WEIGHTS).is_file() and card.is_file():
        try:
            written = WeightsCard.from_json(json.loads(card.read_text("utf-8"))).sha256
        except (ValueError, TypeError) as error:
            raise _damaged(folder, card.name) from error
        check_files(folder, {WEIGHTS: written})


def _damaged(folder: Path, name: str) -> GraftError:
    place = folder.name if folder.name.isdigit() else f"{folder.parent.name} ({folder.name})"
    return GraftError(f"The file {name} of the model of run {place} is damaged.", hint=WAY_OUT)


def member_names(card: ModelCard) -> list[str]:
    """The folders of an ensemble's members; none for a single network."""
    return [f"fold-{number + 1}" for number in range(card.members)]


def _card_bytes(card: ModelCard) -> bytes:
    return json.dumps(card.to_json(), indent=1).encode()


def _write(folder: Path, contents: Mapping[str, bytes]) -> JsonObject:
    for name, content in contents.items():
        write_file(folder / name, content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def save_body(path: Path, network: Network, card: WeightsCard, dtype: torch.dtype = torch.float32) -> WeightsCard:
    """Write the body alone, as `path`, and its card beside it as .json; returns the card with the file's hash."""
    state = {
        name: (value.to(dtype) if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.body.state_dict().items()
    }
    content = safetensors.torch.save(state)
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())
    write_file(path, content)
    write_file(path.with_suffix(".json"), json.dumps(card.to_json(), indent=1).encode())
    return card


def load_model(folder: Path, device: str = "cpu") -> LoadedModel:
    """Read a model, or an ensemble of them. Raises NotFound if its files are not there, GraftError for damaged ones."""
    try:
        card = read_card(folder)
        if card.members:
            members = [load_model(folder / name) for name in member_names(card)]
            ensemble = Ensemble([Member(member.network, member.card) for member in members])
            learnt = tuple(member.likeness for member in members if isinstance(member.likeness, Likeness))
            joint = JointLikeness(learnt) if len(learnt) == len(members) else None
            return LoadedModel(ensemble.to(device).eval(), card, joint)
        state = safetensors.torch.load_file(folder / WEIGHTS)
    except FileNotFoundError as error:
        raise NotFound(f"The model's files are not in {folder.name}.", hint="Train it again.") from error
    network = Network(
        card.backbone, max(1, len(card.classes)), image_size=card.image_size, ranked=card.ranked, shared=card.shared
    )
    network.load_state_dict(state)
    try:
        likeness = Likeness.load(folder)
    except (safetensors.SafetensorError, TypeError) as error:
        raise _damaged(folder, LIKENESS) from error
    return LoadedModel(network.to(device).eval(), card, likeness)
