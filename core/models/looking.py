"""Whether a network can look at pictures of its size at all: asked before minutes of reading them."""

import copy

import torch

from core.catalogue import backbone_info
from core.errors import BadInput
from core.models.network import Network


def check_looks(network: Network, *, alone: bool = False) -> None:
    """Raises BadInput if the body cannot look at pictures of its size or, if each comes `alone`, cannot learn so."""
    side = network.image_size
    # Pictures of a network's own size and larger ones leave something to look at in the last map.
    if side < backbone_info(network.backbone).image_size and not _goes(network, learning=False):
        raise BadInput(
            f"{network.backbone} cannot look at pictures of {side} x {side} pixels.",
            hint="Set a larger image_size; 0 is the network's own.",
        )
    if alone and not _goes(copy.deepcopy(network), learning=True):
        raise BadInput(
            f"{network.backbone} cannot learn from one picture at a time: it holds them against each other.",
            hint="Set a batch_size of 2 or more; 0 is chosen for you.",
        )


def _goes(network: Network, *, learning: bool) -> bool:
    """Whether one picture goes through the body. To learn changes what batch norm has seen."""
    before, device = network.training, network.head.weight.device
    network.train(learning)
    try:
        with torch.no_grad(), torch.random.fork_rng(enabled=learning):
            network.forward_features(torch.zeros(1, 3, network.image_size, network.image_size, device=device))
    except (AssertionError, RuntimeError, ValueError):
        return False
    finally:
        network.train(before)
    return True
