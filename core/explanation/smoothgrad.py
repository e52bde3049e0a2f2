"""SmoothGrad (https://arxiv.org/abs/1706.03825): the logit's gradient, averaged over noisy copies of the picture.

Differs from the paper in showing the absolute gradient averaged over 9 x 9 pixels. The noise is drawn from a fixed
seed, so that a picture has one heatmap.
"""

import torch
from torch import Tensor

from core.explanation.record import input_gradients
from core.explanation.saliency import saliency
from core.models import Network

COPIES = 16
NOISE = 0.15 * 255
"""Standard deviation of the noise, 15% of the range as in the paper's figures."""


def smoothgrad(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, S, S) >= 0."""
    pixels = pictures.float()
    random = torch.Generator().manual_seed(0)
    total = torch.zeros_like(pixels)
    for _ in range(COPIES):
        # The same noise for every picture: what a picture shows must not depend on its neighbours in the batch.
        noise = torch.randn(pixels.shape[1:], generator=random).to(pixels.device) * NOISE
        total += input_gradients(network, pixels + noise, targets)
    return saliency(total / COPIES)
