"""Puts a pretraining's weights into the package: `python -m core.models.bundle FOLDER WORDS`.

FOLDER is `models/RUN` of a home, or wherever `graft weights export` wrote to; WORDS say honestly what they are.
"""

import dataclasses
import json
import sys
from pathlib import Path

import torch

from core.catalogue import BUNDLED, WeightsCard
from core.models.files import save_body
from core.models.network import Network
from core.models.weights import fit_state, read_state

MOST_BYTES = 8 * 2**20


def bundle(weights: Path, words: str, target: Path = BUNDLED) -> WeightsCard:
    """Write the weights as float16 with their card; ValueError if they take more than 8 MB."""
    card = WeightsCard.from_json(json.loads(weights.with_suffix(".json").read_text("utf-8")))
    network = Network(card.backbone, 1, image_size=card.image_size)
    fit_state(network, read_state(weights), weights.name)
    if 2 * sum(value.numel() for value in network.body.state_dict().values()) > MOST_BYTES:
        raise ValueError(f"{card.backbone} is too large for the package")
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{card.backbone}.safetensors"
    return save_body(path, network, dataclasses.replace(card, words=words), torch.float16)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bundle(Path(sys.argv[1]) / "weights.safetensors", sys.argv[2]).to_json(), indent=1))
