"""Grades in an order by their ranks: K - 1 outputs, of which probabilities of the K grades follow.

CORN (Shi, Cao & Raschka 2021, https://arxiv.org/abs/2111.08851) asks, for each rank, whether a picture of at least that
grade is of a higher one; the chain rule makes probabilities of it (equation 4). CORAL (Cao, Mirjalili & Raschka 2020,
https://arxiv.org/abs/1901.07884) asks whether a picture is above each rank; all ranks share one direction in the
features and differ by their biases alone (section 3.2), so that a lower one is never less likely than a higher one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAST = 1e-6
"""So far apart are the logits of two ranks at least: no grade is impossible."""


class SharedHead(nn.Linear):
    """CORAL's last layer, (N, F) -> (N, K - 1).

    Its weight keeps a row for each rank, all alike, so that it is stored and joined as any linear layer's is.
    """

    def reset_parameters(self) -> None:
        """Start with the ranks in their order, as the authors' `CoralLayer` does."""
        super().reset_parameters()
        with torch.no_grad():
            self.weight.copy_(self.weight[:1].clone().expand_as(self.weight))
            self.bias.copy_(torch.arange(self.out_features, 0, -1) / self.out_features)

    def forward(self, features: Tensor) -> Tensor:
        """Biases are added in 32 bits: grades are told apart by what lies between two of them."""
        return functional.linear(features, self.weight.mean(0, keepdim=True)).float() + self.bias


def new_head(features: int, outputs: int, *, shared: bool) -> nn.Linear:
    """A head that answers the same for every picture; with `shared` CORAL's."""
    head = (SharedHead if shared else nn.Linear)(features, outputs)
    nn.init.zeros_(head.weight)
    if not shared:
        nn.init.zeros_(head.bias)
    return head


def grade_logits(ranks: Tensor) -> Tensor:
    """CORN: conditional logits (N, K - 1) of being above each rank -> log probabilities (N, K) of the grades."""
    above = functional.logsigmoid(ranks).cumsum(1)  # log P(y > r)
    here = functional.logsigmoid(-ranks)  # log P(y <= r | y >= r)
    return torch.cat([here[:, :1], above[:, :-1] + here[:, 1:], above[:, -1:]], 1)


def shared_grade_logits(ranks: Tensor) -> Tensor:
    """CORAL: logits (N, K - 1) of being above each rank -> log probabilities (N, K) of the grades.

    Differs from the paper in that ranks whose biases have crossed while learning change places; at the loss's minimum
    they are in order (its theorem 1).
    """
    ordered = ranks.sort(1, descending=True).values
    high, low = ordered[:, :-1], ordered[:, 1:]
    # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a))
    between = (-torch.expm1(-(high - low).clamp_min(LEAST))).log()
    inner = functional.logsigmoid(high) + functional.logsigmoid(-low) + between
    return torch.cat([functional.logsigmoid(-ordered[:, :1]), inner, functional.logsigmoid(ordered[:, -1:])], 1)
