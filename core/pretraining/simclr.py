"""Find the other view of the same picture among all others of the batch: SimCLR, https://arxiv.org/abs/2002.05709."""

import torch
from torch import Tensor
from torch.nn import functional

from core.pretraining.objective import Objective, Pictures, projector

TEMPERATURE = 0.2
"""Between the paper's 0.1 for large batches and 0.5 for small pictures."""


def nt_xent(projected: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Equation 1 of the paper, mean over both directions; (2n, D), rows i and i + n belong together."""
    unit = functional.normalize(projected, dim=1)
    likeness = (unit @ unit.T / temperature).fill_diagonal_(float("-inf"))
    count = len(projected) // 2
    partner = torch.arange(2 * count, device=projected.device).roll(count)
    return functional.cross_entropy(likeness, partner)


class SimCLR(Objective):
    """The contrastive loss behind a projector."""

    def __init__(self, features: int, pictures: Pictures) -> None:
        super().__init__()
        self.projector = projector(features, features, 128)

    def loss(self, features: Tensor, positions: Tensor) -> Tensor:
        """As `nt_xent` of the projected features."""
        return nt_xent(self.projector(features))
