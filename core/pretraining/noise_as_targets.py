"""Every picture learns to point at a place of its own on a sphere: Noise As Targets, https://arxiv.org/abs/1704.05310.

The places are drawn once; which picture has which is decided anew in every batch, so that alike pictures come to lie
beside each other.
"""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn import functional

from core.pretraining.objective import Objective, Pictures

WIDTH = 128
MOST = 200_000
"""More pictures than this share places: their targets would need more memory than the network."""


class NoiseAsTargets(Objective):
    """Squared distance to fixed targets that are handed round within the batch."""

    targets: Tensor
    owned: Tensor

    def __init__(self, features: int, pictures: Pictures) -> None:
        super().__init__()
        self.project = nn.Linear(features, WIDTH)
        count = min(pictures.count, MOST)
        self.register_buffer("targets", functional.normalize(torch.randn(count, WIDTH), dim=1))
        self.register_buffer("owned", torch.arange(count))

    def loss(self, features: Tensor, positions: Tensor) -> Tensor:
        """Mean squared distance of both views to the place that suits them best among the batch's places."""
        first, second = functional.normalize(self.project(features), dim=1).chunk(2)
        places = torch.unique((positions % len(self.owned)).to(self.owned.device))
        row = torch.searchsorted(places, (positions % len(self.owned)).to(places.device))
        mean = torch.zeros(len(places), WIDTH, device=features.device).index_add_(0, row, (first + second).detach())
        # The assignment with the greatest sum of scalar products: equation 6 of the paper, by the Hungarian method.
        likeness = mean @ self.targets[self.owned[places]].T
        _, chosen = linear_sum_assignment(likeness.cpu().double().numpy(), maximize=True)
        self.owned[places] = self.owned[places][torch.as_tensor(chosen, device=places.device)]
        wanted = self.targets[self.owned[places]][row]
        return ((first - wanted).square().sum(1) + (second - wanted).square().sum(1)).mean() / 2
