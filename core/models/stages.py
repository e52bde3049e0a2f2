"""A body in stages, from the picture to the features: what thaws first, and what may stay frozen."""

import itertools

from torch import nn

from core.models.network import Network

# Containers whose children follow each other, in torchvision's and timm's networks.
_CHAINS = {"features", "blocks", "stages", "layers", "encoder", "trunk_output", "levels"}
MOST_STAGES = 5


def stages(network: Network, at_most: int = MOST_STAGES) -> list[list[nn.Module]]:
    """The body's modules that have parameters, in their order, as at most that many groups of equal length.

    The order is that in which the modules were defined, which for both libraries is the order they are used in.
    """
    found = units(network)
    count = min(at_most, len(found))
    borders = [round(index * len(found) / count) for index in range(count + 1)]
    return [found[start:end] for start, end in itertools.pairwise(borders)]


def units(network: Network) -> list[nn.Module]:
    """The same modules, blocks mostly, one by one."""
    return [unit for unit in _units(network.body) if any(True for _ in unit.parameters())]


def _units(module: nn.Module) -> list[nn.Module]:
    found: list[nn.Module] = []
    for name, child in module.named_children():
        if name in _CHAINS:
            found.extend(_units(child) if _holds_chain(child) else child.children())
        else:
            found.append(child)
    return found


def _holds_chain(module: nn.Module) -> bool:
    return any(name in _CHAINS for name, _ in module.named_children())


def set_trainable(network: Network, thawed: int | None) -> None:
    """Let the head and the last `thawed` stages learn, or everything for None.

    Parameters that belong to no module of their own (class token, position embedding) learn only with everything.
    Frozen modules keep batch norm's statistics, too: `frozen_to_eval` after each `train()`.
    """
    for parameter in network.body.parameters():
        parameter.requires_grad = thawed is None
    if thawed:
        for stage in stages(network)[-thawed:]:
            for unit in stage:
                unit.requires_grad_(True)


def frozen_to_eval(network: Network) -> None:
    """Put batch norm whose weights do not learn into evaluation mode: its statistics stay as they are."""
    for module in network.body.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not any(
            parameter.requires_grad for parameter in module.parameters()
        ):
            module.eval()
