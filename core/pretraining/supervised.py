"""Name the formulas that drew the picture: formula-driven supervised learning, https://arxiv.org/abs/2101.08515.

Where a picture has several formulas (fractal, palette, texture, scatter), each has a linear head of its own, and the
mean of the losses counts: the body cannot live on the easiest one. Beside it, each view has to find the other of the
same picture (https://arxiv.org/abs/2002.05709): what no formula names, such as where things lie, is learnt as well.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import BadInput
from core.pretraining.objective import Objective, Pictures
from core.pretraining.simclr import SimCLR
from core.pretraining.views import NEAR
from core.training.ahead import on_device

SMOOTHING = 0.1


class Supervised(Objective):
    """Cross-entropy of each formula, and the contrastive loss."""

    views = NEAR

    def __init__(self, features: int, pictures: Pictures) -> None:
        super().__init__()
        if not pictures.formulas:
            raise BadInput(
                "These pictures have no formulas to be named.", hint="Choose another method, or pictures by formula."
            )
        self.pictures = pictures
        self.heads = nn.ModuleList(nn.Linear(features, count) for count in pictures.formulas)
        self.contrast = SimCLR(features, pictures)

    def loss(self, features: Tensor, positions: Tensor) -> Tensor:
        """Both views are ordinary pictures of the same class."""
        labels = on_device(self.pictures.labels(positions).repeat(2, 1), features.device)
        losses = [
            functional.cross_entropy(head(features), labels[:, column], label_smoothing=SMOOTHING)
            for column, head in enumerate(self.heads)
        ]
        return torch.stack(losses).mean() + self.contrast.loss(features, positions)
