"""Pixel-wise attributions made visible."""

from torch import Tensor
from torch.nn import functional

WINDOW = 9


def saliency(attributions: Tensor) -> Tensor:
    """Signed (N, 3, S, S) -> (N, S, S) >= 0: the absolute sum over the colours, averaged over neighbours."""
    return functional.avg_pool2d(attributions.abs().sum(1), WINDOW, stride=1, padding=WINDOW // 2)
