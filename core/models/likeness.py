"""How far a picture is from those that a model learnt from, as the model sees them.

The distance to the k-th nearest training picture among features of length one (Sun et al. 2022,
https://arxiv.org/abs/2204.06507): no shape of the classes is assumed, and one strange training picture hides nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from core.media import write_file

FILE = "likeness.safetensors"
NEAREST = 5
MOST = 4000


@dataclass(frozen=True, slots=True)
class Likeness:
    """Features (M, F) of training pictures, each of length one; at most 4,000 of them, drawn by a fixed seed."""

    known: Tensor

    @classmethod
    def of(cls, features: Tensor) -> "Likeness":
        """From features (N, F) of the pictures a model learnt from."""
        if len(features) > MOST:
            features = features[torch.randperm(len(features), generator=torch.Generator().manual_seed(0))[:MOST]]
        return cls(torch.nn.functional.normalize(features.float(), dim=1).half())

    def distances(self, features: Tensor) -> list[float]:
        """Of pictures with features (N, F): 0 for a picture like those it learnt from, at most 2."""
        parts = torch.split(torch.nn.functional.normalize(features.float(), dim=1), 256)
        known, nearest = self.known.float(), min(NEAREST, len(self.known))
        found = [torch.cdist(part, known).kthvalue(nearest, dim=1).values for part in parts]
        return torch.cat(found).tolist() if found else []

    def save(self, folder: Path) -> None:
        """Write it beside the model."""
        write_file(folder / FILE, safetensors.torch.save({"known": self.known.contiguous()}))

    @classmethod
    def load(cls, folder: Path) -> "Likeness | None":
        """What `save` wrote; None for a model that was trained without."""
        path = folder / FILE
        return cls(safetensors.torch.load_file(path)["known"]) if path.exists() else None
