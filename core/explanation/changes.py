"""What training changed in a network, layer by layer, and what its units wait for.

Likeness is linear centred kernel alignment: Kornblith et al. 2019, Similarity of Neural Network Representations
Revisited (https://arxiv.org/abs/1905.00414). Differs from the paper in averaging each layer's output over the places.
"""

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from core.explanation.layers import as_map
from core.models import Network, stages

MOST_STAGES = 8


def linear_cka(one: Tensor, other: Tensor) -> float:
    """(N, F), (N, G) of the same N pictures -> 1 for the same but for turning and scale, 0 for nothing in common."""
    one, other = (item.double() - item.double().mean(0) for item in (one, other))
    together = torch.linalg.matrix_norm(other.T @ one) ** 2
    apart = torch.linalg.matrix_norm(one.T @ one) * torch.linalg.matrix_norm(other.T @ other)
    return float(together / apart) if float(apart) > 0 else 0.0


def weight_distance(before: Sequence[nn.Module], after: Sequence[nn.Module]) -> float:
    """How far the weights moved, as a share of their length before: |after - before| / |before|."""
    pairs = [
        (old.detach().double(), new.detach().double())
        for one, other in zip(before, after, strict=True)
        for old, new in zip(one.parameters(), other.parameters(), strict=True)
    ]
    moved = sum(float(((new - old) ** 2).sum()) for old, new in pairs)
    length = sum(float((old**2).sum()) for old, _ in pairs)
    return (moved / length) ** 0.5 if length > 0 else 0.0


def stage_outputs(network: Network, batches: Sequence[Tensor]) -> list[Tensor | None]:
    """The outputs of each stage's last module, averaged over the places: (N, C) each, None where it has no places."""
    parts: list[list[Tensor]] = [[] for _ in stages(network, MOST_STAGES)]
    with ExitStack() as undo, torch.no_grad():
        for seen, stage in zip(parts, stages(network, MOST_STAGES), strict=True):
            undo.callback(stage[-1].register_forward_hook(lambda _l, _i, out, seen=seen: _note(seen, out)).remove)
        for batch in batches:
            network.forward_features(batch)
    return [torch.cat(seen) if seen else None for seen in parts]


def _note(seen: list[Tensor], output: object) -> None:
    if isinstance(output, Tensor):
        try:
            seen.append(as_map(output).mean((2, 3)).float().cpu())
        except ValueError:
            if output.dim() == 2:
                seen.append(output.float().cpu())


def telling_units(weights: Tensor, features: Tensor) -> list[int]:
    """Head (K, F), features (N, F) -> for each class the unit that moves its score the most over these pictures."""
    moving = weights * features.std(0)
    return [int(item) for item in moving.argmax(1)]
