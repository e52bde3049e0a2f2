"""Grades in an order by their ranks: CORN, Shi, Cao & Raschka 2021 (https://arxiv.org/abs/2111.08851).

A head of K - 1 outputs says, for each rank, how likely a picture of at least that grade is of a higher one. The chain
rule makes probabilities of the K grades of them, which never contradict each other (equation 4).
"""

import torch
from torch import Tensor
from torch.nn import functional


def grade_logits(ranks: Tensor) -> Tensor:
    """Conditional logits (N, K - 1) of being above each rank -> log probabilities (N, K) of the grades."""
    above = functional.logsigmoid(ranks).cumsum(1)  # log P(y > r)
    here = functional.logsigmoid(-ranks)  # log P(y <= r | y >= r)
    return torch.cat([here[:, :1], above[:, :-1] + here[:, 1:], above[:, -1:]], 1)
