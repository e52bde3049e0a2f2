"""Signs of life: do features tell few labelled pictures apart, and do they fill their space or collapse?"""

from dataclasses import dataclass

import torch
from sklearn.metrics import recall_score
from torch import Tensor
from torch.nn import functional

from core.errors import Diverged
from core.inference import compute_features
from core.models import Network

NEIGHBOURS = 5
BATCH = 64


@dataclass(frozen=True, slots=True)
class Probe:
    """Pictures (n, 3, S, S) uint8 to look at now and then; their classes (n,), empty if nobody knows them."""

    pictures: Tensor
    labels: Tensor


def signs(network: Network, probe: Probe) -> dict[str, float]:
    """Curves' points: "spread", "rank" and, with labels, "neighbours" and how many are "labelled".

    Raises Diverged for broken weights.
    """
    features = compute_features(network, torch.split(probe.pictures, BATCH))
    if not features.isfinite().all():
        raise Diverged("The network's features are no numbers.", hint="Start again from other weights.")
    found = {"spread": spread(features), "rank": effective_rank(features)}
    if len(probe.labels):
        found |= {"neighbours": neighbours(features, probe.labels), "labelled": float(len(probe.labels))}
    return found


def neighbours(features: Tensor, labels: Tensor) -> float:
    """Balanced accuracy of the five nearest others (n, F), by cosine, weighted by likeness."""
    unit = functional.normalize(features - features.mean(0), dim=1)
    likeness, index = (unit @ unit.T).fill_diagonal_(-2).topk(min(NEIGHBOURS, len(unit) - 1))
    votes = torch.zeros(len(unit), int(labels.max()) + 1).scatter_add_(1, labels[index], likeness + 1)
    return float(recall_score(labels.numpy(), votes.argmax(1).numpy(), average="macro", zero_division=0))


def spread(features: Tensor) -> float:
    """How far pictures lie apart on the unit sphere: 0 when all features (n, F) are one point, 1 when all differ."""
    unit = functional.normalize(features, dim=1)
    return float(unit.var(0, correction=0).sum().sqrt())


def effective_rank(features: Tensor) -> float:
    """RankMe, https://arxiv.org/abs/2210.02885: how many directions the features (n, F) use, 1 to min(n, F)."""
    values = torch.linalg.svdvals(features - features.mean(0))
    shares = values / values.sum().clamp_min(1e-12) + 1e-7
    return float(torch.exp(-(shares * shares.log()).sum()))
