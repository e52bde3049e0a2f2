"""Two views alike, every feature varied, no two features the same: VICReg, https://arxiv.org/abs/2105.04906.

Needs no other pictures to push away, so that it works with small batches.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.pretraining.objective import Objective, Pictures, projector

INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0
WIDTH = 1024


def variance(values: Tensor) -> Tensor:
    """Equation 1: how far each feature's standard deviation falls short of 1; (n, D)."""
    return functional.relu(1 - (values.var(0) + 1e-4).sqrt()).mean()


def covariance(values: Tensor) -> Tensor:
    """Equations 3 and 4: squared covariances between different features, over D."""
    centred = values - values.mean(0)
    matrix = centred.T @ centred / (len(values) - 1)
    return (matrix.square().sum() - matrix.diagonal().square().sum()) / values.shape[1]


class VICReg(Objective):
    """Variance, invariance and covariance behind an expander."""

    def __init__(self, features: int, pictures: Pictures) -> None:
        super().__init__()
        self.expander = nn.Sequential(
            *projector(features, WIDTH, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(inplace=True), nn.Linear(WIDTH, WIDTH)
        )

    def loss(self, features: Tensor, positions: Tensor) -> Tensor:
        """Equation 6."""
        first, second = self.expander(features).chunk(2)
        terms = [
            INVARIANCE * functional.mse_loss(first, second),
            VARIANCE * (variance(first) + variance(second)),
            COVARIANCE * (covariance(first) + covariance(second)),
        ]
        return torch.stack(terms).sum()
