"""The attention matrices of a vision transformer, as parts of the way from the picture to the answer."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import BadInput
from core.explanation.layers import MOST_EXTRA_TOKENS, as_map


@contextmanager
def attentions(network: nn.Module) -> Iterator[list[Tensor]]:
    """While open, every attention matrix (N, heads, L, L) after its softmax, in the order of the blocks.

    The answer is computed from these very matrices, so that it has gradients by them.
    """
    seen: list[Tensor] = []
    with ExitStack() as undo:
        for name, layer in network.named_modules():
            if isinstance(layer, nn.MultiheadAttention):
                undo.callback(layer.register_forward_hook(_anew(seen), with_kwargs=True).remove)
            elif name.endswith("attn_drop") and hasattr(parent := network.get_submodule(name[:-10]), "fused_attn"):
                undo.callback(setattr, parent, "fused_attn", parent.fused_attn)
                setattr(parent, "fused_attn", False)  # noqa: B010 - the fused kernel never shows its matrix
                undo.callback(layer.register_forward_hook(lambda _l, _i, output: seen.append(output)).remove)
        yield seen


def _anew(seen: list[Tensor]) -> Any:
    # PyTorch shows only a copy of the matrix, which the answer does not depend on: the layer's output is computed anew.
    def hook(layer: nn.MultiheadAttention, inputs: tuple[Any, ...], options: dict[str, Any], output: Any) -> Any:
        tokens = cast(Tensor, inputs[0] if inputs else options["query"])
        if not layer.batch_first or layer.in_proj_weight is None:
            return output
        heads = layer.num_heads
        parts = functional.linear(tokens, layer.in_proj_weight, layer.in_proj_bias).chunk(3, -1)
        shape = (*tokens.shape[:2], heads, tokens.shape[2] // heads)
        query, key, value = (part.view(shape).transpose(1, 2) for part in parts)  # (N, heads, L, C)
        matrix = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(-1)
        seen.append(matrix)
        return layer.out_proj((matrix @ value).transpose(1, 2).flatten(2)), None

    return hook


def checked(seen: list[Tensor], count: int, method: str) -> list[Tensor]:
    """The matrices (N, heads, L, L) of `count` pictures, all of one size, so that they can follow each other.

    Raises BadInput where there are none, where blocks see windows of the picture (more matrices than pictures), and
    where the size changes on the way: rolling up some of them would show the places of a part as those of the whole.
    """
    size = seen[0].shape if seen else torch.Size()
    whole = len(size) == 4 and size[0] == count and size[2] == size[3]
    if not whole or any(item.shape != size for item in seen):
        raise BadInput(
            f"{method} needs a vision transformer whose blocks see the whole picture.", hint="Choose another method."
        )
    return seen


def places(rolled: Tensor, method: str) -> Tensor:
    """(N, L, L), how much of each token came from each -> what reached the answer from each place, (N, H, W) >= 0.

    Without a class token the answer averages all tokens, so the rows are averaged. The coldest place becomes 0.
    """
    side = int(rolled.shape[-1] ** 0.5)
    extra = rolled.shape[-1] - side * side
    if extra > MOST_EXTRA_TOKENS:
        raise BadInput(f"{method} finds no places in this network.", hint="Choose another method.")
    answer = rolled[:, :1] if extra else rolled.mean(1, keepdim=True)  # (N, 1, L)
    heat = as_map(answer.transpose(1, 2))[:, 0]
    return heat - heat.amin((1, 2), keepdim=True)


def identity_like(matrix: Tensor) -> Tensor:
    """(N, heads, L, L) -> one identity (N, L, L) per picture."""
    return torch.eye(matrix.shape[-1], device=matrix.device, dtype=matrix.dtype).expand(len(matrix), -1, -1)
