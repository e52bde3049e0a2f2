"""Gradient-weighted attention (https://arxiv.org/abs/2103.15679): attention, counted where it raises the class's logit.

Does not differ from the paper for pure self-attention: equation 5 for a block's matrix, equation 6 for the update.
"""

import torch
from torch import Tensor

from core.explanation.attentions import attentions, checked, identity_like, places
from core.explanation.hooks import frozen
from core.explanation.record import chosen
from core.models import Network

TITLE = "Gradient-weighted attention"


def weighted_attention(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0. Raises BadInput for other networks than vision transformers."""
    with torch.inference_mode(False), torch.enable_grad(), frozen(network), attentions(network) as seen:
        pixels = pictures.detach().float().requires_grad_()  # else nothing between the frozen weights has a gradient
        logits = network(pixels)
        matrices = checked(seen, len(pictures), TITLE)
        gradients = torch.autograd.grad(chosen(logits, targets).sum(), matrices)
    rolled = identity_like(matrices[0])
    for matrix, gradient in zip(matrices, gradients, strict=True):
        mixed = (matrix.detach() * gradient).relu().mean(1)  # equation 5: (N, L, L)
        rolled = rolled + mixed @ rolled  # equation 6
    return places(rolled, TITLE)
