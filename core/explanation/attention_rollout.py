"""Attention rollout (https://arxiv.org/abs/2005.00928): how attention hands the places on, block by block.

Does not differ from the paper: heads are averaged, the residual connection counts as half, and the blocks' matrices
are multiplied. Says nothing of a class.
"""

import torch
from torch import Tensor

from core.explanation.attentions import attentions, checked, identity_like, places
from core.models import Network

TITLE = "Attention rollout"


def attention_rollout(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0; the targets change nothing. Raises BadInput for other networks."""
    with torch.no_grad(), attentions(network) as seen:
        network(pictures)
    matrices = checked(seen, len(pictures), TITLE)
    rolled = identity = identity_like(matrices[0])
    for matrix in matrices:
        rolled = (matrix.mean(1) + identity) / 2 @ rolled  # (N, L, L)
    return places(rolled, TITLE)
