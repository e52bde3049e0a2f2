"""A model's files: weights.safetensors and card.json. Reading them runs no code."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch

from core.catalogue import ModelCard, WeightsCard
from core.errors import NotFound
from core.media import write_file
from core.models.network import Network
from core.types import JsonObject


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network ready for use, in evaluation mode, and its card."""

    network: Network
    card: ModelCard


def save_model(folder: Path, network: Network, card: ModelCard) -> JsonObject:
    """Write the model; returns file name -> sha256."""
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    contents = {
        "weights.safetensors": safetensors.torch.save(state),
        "card.json": json.dumps(card.to_json(), indent=1).encode(),
    }
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
    """Read a model. Raises NotFound if its files are not there."""
    try:
        card = ModelCard.from_json(json.loads((folder / "card.json").read_text("utf-8")))
        state = safetensors.torch.load_file(folder / "weights.safetensors")
    except FileNotFoundError as error:
        raise NotFound(f"The model's files are not in {folder.name}.", hint="Train it again.") from error
    network = Network(card.backbone, max(1, len(card.classes)), image_size=card.image_size)
    network.load_state_dict(state)
    return LoadedModel(network.to(device).eval(), card)
