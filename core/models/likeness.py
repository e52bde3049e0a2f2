"""How far a picture is from those that a model learnt from: as the model sees them, and in their colours.

The distance to the k-th nearest training picture among features of length one (Sun et al. 2022,
https://arxiv.org/abs/2204.06507): no shape of the classes is assumed, and one strange training picture hides nothing.
A trained network sees what tells its classes apart and little else; what it does not look at can still be plain in a
histogram of the colours (Swain & Ballard 1991, https://doi.org/10.1007/BF00130487), so the two distances are added,
each in units of what is usual among the training pictures.
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
    """Training pictures: features (M, F) of length one, colours (M, C), and the usual distances of both (2,).

    Colours are square roots of the shares of a histogram's bins.
    """

    features: Tensor
    colours: Tensor
    usual: Tensor

    @classmethod
    def of(cls, features: Tensor, colours: Tensor) -> "Likeness":
        """From features (N, F) and colours (N, C) of the pictures a model learnt from."""
        features = torch.nn.functional.normalize(features.float(), dim=1)
        usual = [_nearest(kind, kind, itself=True).median() for kind in (features, colours)]
        return cls(features.half(), colours.half(), torch.stack(usual).clamp_min(1e-6))

    def distances(self, features: Tensor, colours: Tensor) -> list[float]:
        """Of pictures with features (N, F) and colours (N, C): about 2 for one like those it learnt from."""
        features = torch.nn.functional.normalize(features.float(), dim=1)
        apart = _nearest(features, self.features.float()), _nearest(colours, self.colours.float())
        found: list[float] = (apart[0] / self.usual[0] + apart[1] / self.usual[1]).tolist()
        return found

    def save(self, folder: Path) -> None:
        """Write it beside the model."""
        tensors = {name: getattr(self, name).contiguous() for name in ("features", "colours", "usual")}
        write_file(folder / FILE, safetensors.torch.save(tensors))

    @classmethod
    def load(cls, folder: Path) -> "Likeness | None":
        """What `save` wrote; None for a model that was trained without."""
        path = folder / FILE
        return cls(**safetensors.torch.load_file(path)) if path.exists() else None


@dataclass(frozen=True, slots=True)
class JointLikeness:
    """Those of an ensemble's members, whose features stand side by side: their distances are averaged."""

    members: tuple[Likeness, ...]

    def distances(self, features: Tensor, colours: Tensor) -> list[float]:
        """Of pictures with features (N, sum of F) and colours (N, C): about 2 for one like those they learnt from."""
        parts = zip(self.members, features.chunk(len(self.members), 1), strict=True)
        found: list[float] = torch.tensor([member.distances(part, colours) for member, part in parts]).mean(0).tolist()
        return found


def some(positions: list[int]) -> list[int]:
    """At most 4,000 of these positions, drawn by a fixed seed."""
    if len(positions) <= MOST:
        return positions
    chosen = torch.randperm(len(positions), generator=torch.Generator().manual_seed(0))[:MOST]
    return [positions[index] for index in sorted(chosen.tolist())]


def _nearest(pictures: Tensor, known: Tensor, *, itself: bool = False) -> Tensor:
    """The distance (N,) to the k-th nearest of the known ones; `itself` does not count."""
    nearest = min(NEAREST + itself, len(known))
    parts = [torch.cdist(part, known).kthvalue(nearest, dim=1).values for part in torch.split(pictures, 256)]
    return torch.cat(parts) if parts else torch.zeros(0)
