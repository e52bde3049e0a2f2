"""A trained network as one ONNX file: pixels in, answers out, with everything in between inside."""

import logging
import warnings
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from core.catalogue import ModelCard
from core.inference.answers import probabilities
from core.models import Network
from core.types import Task

OPSET = 18


class Answering(nn.Module):
    """Pictures (N, 3, S, S) uint8 -> probabilities (N, K) float32, or numbers (N, 1) for regression."""

    def __init__(self, network: Network, card: ModelCard) -> None:
        super().__init__()
        self.network = network
        self.card = card

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalise, look, and turn logits into what people are shown."""
        logits = cast(Tensor, self.network(pictures))  # (N, K)
        if self.card.task is Task.REGRESSION:
            return logits * self.card.number_std + self.card.number_mean
        return probabilities(self.card, logits)


def write_onnx(path: Path, network: Network, card: ModelCard) -> None:
    """Write the network for any number of pictures at once (N). Raises OnnxExporterError if it has no such form."""
    example = torch.zeros(2, 3, card.image_size, card.image_size, dtype=torch.uint8)
    module = Answering(network.cpu().eval(), card).eval()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter warns of its own internals, which nobody here can change.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            path,
            input_names=["pictures"],
            output_names=["answers"],
            opset_version=OPSET,
            dynamic_shapes={"pictures": {0: torch.export.Dim("N", min=1)}},
            external_data=False,
            verbose=False,
            dynamo=True,
        )
