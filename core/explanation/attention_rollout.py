"""Attention rollout (https://arxiv.org/abs/2005.00928): how attention hands the places on, block by block.

Does not differ from the paper: heads are averaged, the residual connection counts as half, and the blocks' matrices
are multiplied. Without a class token the answer averages all tokens, so the rows are averaged. Says nothing of a class.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import BadInput
from core.explanation.layers import MOST_EXTRA_TOKENS, as_map
from core.models import Network


def attention_rollout(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0; the targets change nothing. Raises BadInput for other networks."""
    with torch.no_grad(), _attentions(network) as seen:
        network(pictures)
    seen = [item for item in seen if item.dim() == 4 and item.shape == seen[0].shape]
    if not seen or seen[0].shape[-1] != seen[0].shape[-2]:
        raise BadInput(
            "Attention rollout needs a vision transformer whose blocks see the whole picture.",
            hint="Choose another method.",
        )
    identity = torch.eye(seen[0].shape[-1], device=pictures.device)
    rolled = identity.expand(len(pictures), -1, -1)
    for attention in seen:  # (N, heads, L, L)
        mixed = (attention.mean(1) + identity) / 2
        rolled = mixed @ rolled  # (N, L, L)
    side = int((rolled.shape[-1]) ** 0.5)
    extra = rolled.shape[-1] - side * side
    if extra > MOST_EXTRA_TOKENS:
        raise BadInput("Attention rollout finds no places in this network.", hint="Choose another method.")
    answer = rolled[:, :1] if extra else rolled.mean(1, keepdim=True)  # (N, 1, L)
    heat = as_map(answer.transpose(1, 2))[:, 0]  # (N, H, W)
    return heat - heat.amin((1, 2), keepdim=True)


@contextmanager
def _attentions(network: nn.Module) -> Iterator[list[Tensor]]:
    """While open, every attention matrix (N, heads, L, L) after its softmax, in the order of the blocks."""
    seen: list[Tensor] = []
    with ExitStack() as undo:
        for name, layer in network.named_modules():
            if isinstance(layer, nn.MultiheadAttention):
                undo.callback(layer.register_forward_pre_hook(_asking, with_kwargs=True).remove)
                undo.callback(layer.register_forward_hook(lambda _l, _i, output: seen.append(output[1])).remove)
            elif name.endswith("attn_drop") and hasattr(parent := network.get_submodule(name[:-10]), "fused_attn"):
                undo.callback(setattr, parent, "fused_attn", parent.fused_attn)
                setattr(parent, "fused_attn", False)  # noqa: B010 - the fused kernel never shows its matrix
                undo.callback(layer.register_forward_hook(lambda _l, _i, output: seen.append(output)).remove)
        yield seen


def _asking(
    _layer: nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return inputs, {**options, "need_weights": True, "average_attn_weights": False}
