"""Residual branches that begin silent: zero-gamma (https://arxiv.org/abs/1706.02677, section 5.1)."""

from collections.abc import Callable

import torch
from torch import nn

NORMS = nn.modules.batchnorm._BatchNorm
BLOCKS = ("BasicBlock", "Bottleneck", "ResBottleneckBlock")
"""torchvision's blocks that always have a way around them."""
AROUND = ("use_res_connect", "has_skip", "use_shortcut")
"""What blocks of both libraries say by which have one only sometimes."""
SHORTCUTS = ("downsample", "shortcut", "proj")


def begin_residuals(body: nn.Module, *, silent: bool) -> None:
    """Let each residual branch begin at nothing, or as loud as any other layer, whatever the library chose."""
    for norm in residual_ends(body):
        nn.init.constant_(norm.weight, 0.0 if silent else 1.0)


def residual_ends(body: nn.Module) -> list[NORMS]:
    """The last batch norm of each residual branch, before the sum."""
    found = [end for block in body.modules() for end in _ends(block)]
    return list(dict.fromkeys(found))


def _ends(block: nn.Module) -> list[NORMS]:
    norms = [
        item
        for path, item in block.named_modules()
        if isinstance(item, NORMS) and item.weight is not None and not path.startswith(SHORTCUTS)
    ]
    zero = getattr(block, "zero_init_last", None)
    if callable(zero):  # timm's blocks know which one it is
        return _zeroed(norms, zero)
    around = any(getattr(block, name, False) is True for name in AROUND)
    around = around or isinstance(getattr(block, "shortcut", None), nn.Module)
    return norms[-1:] if around or type(block).__name__ in BLOCKS else []


def _zeroed(norms: list[NORMS], zero: Callable[[], None]) -> list[NORMS]:
    """Those whose weights it zeroes; they are left as they were."""
    before = [(norm, norm.weight.detach().clone(), norm.weight._version) for norm in norms]
    zero()
    ends = [norm for norm, _, version in before if norm.weight._version != version]  # without looking at its numbers
    with torch.no_grad():
        for norm, weight, _ in before:
            norm.weight.copy_(weight)
    return ends
