"""Several networks of one backbone as one: their probabilities are averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from core.catalogue import ModelCard
from core.models.network import Network
from core.types import Task

CERTAIN = 1e-7


@dataclass(frozen=True, slots=True)
class Member:
    """A network of an ensemble, and its card: its own temperature, its own scale of numbers."""

    network: Network
    card: ModelCard


def share_logits(card: ModelCard, logits: Tensor) -> Tensor:
    """A member's logits (N, K) as probabilities (N, K), or for regression as numbers (N, 1) in their own unit."""
    if card.task is Task.REGRESSION:
        return logits * card.number_std + card.number_mean
    scaled = logits / card.temperature
    return torch.sigmoid(scaled) if card.task is Task.MULTI else torch.softmax(scaled, 1)


def joint_logits(task: Task, shares: Tensor) -> Tensor:
    """Averaged probabilities (N, K) -> logits that give them back at temperature 1; numbers stay as they are."""
    if task is Task.REGRESSION:
        return shares
    return torch.logit(shares, CERTAIN) if task is Task.MULTI else shares.clamp_min(CERTAIN).log()


class Bodies(nn.Module):
    """Pictures (N, 3, H, W) -> all members' features, side by side: (N, sum of F)."""

    def __init__(self, bodies: Sequence[nn.Module]) -> None:
        super().__init__()
        self.bodies = nn.ModuleList(bodies)

    def forward(self, pictures: Tensor) -> Tensor:
        """One body after the other."""
        return torch.cat([body(pictures) for body in self.bodies], 1)


class Ensemble(Network):
    """Answers as the mean of its members' probabilities (of their numbers for regression).

    `head` holds the members' heads as blocks: (N, sum of F) -> (N, members x K), of which `forward_head` makes (N, K).
    """

    def __init__(self, members: Sequence[Member]) -> None:
        nn.Module.__init__(self)
        first = members[0].network
        self.backbone, self.image_size, self.mean, self.std = first.backbone, first.image_size, first.mean, first.std
        self.ranked, self.shared = first.ranked, first.shared
        self.members = nn.ModuleList(member.network for member in members)
        self.cards = [member.card for member in members]
        self.body = Bodies([member.network.body for member in members])
        heads = [member.network.head for member in members]
        self.head = nn.Linear(sum(item.in_features for item in heads), sum(item.out_features for item in heads))
        with torch.no_grad():
            blocks: Tensor = torch.block_diag(*[item.weight for item in heads])  # type: ignore[no-untyped-call]
            self.head.weight.copy_(blocks)
            self.head.bias.copy_(torch.cat([item.bias for item in heads]))
        self.register_buffer("_scale", first.get_buffer("_scale"), persistent=False)
        self.register_buffer("_shift", first.get_buffer("_shift"), persistent=False)

    def networks(self) -> list[Network]:
        """The members."""
        return [cast(Network, item) for item in self.members]

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, sum of F) -> logits (N, K), for a card with temperature 1."""
        parts = [self.link(part) for part in self.head(features).chunk(len(self.cards), 1)]
        shares = torch.stack([share_logits(card, part) for card, part in zip(self.cards, parts, strict=True)])
        return joint_logits(self.cards[0].task, shares.mean(0))
