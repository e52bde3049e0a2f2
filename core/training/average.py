"""A running average of a network's weights (Polyak & Juditsky 1992, https://doi.org/10.1137/0330046)."""

import copy
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from core.models import channels_last

N = TypeVar("N", bound=nn.Module)


class Average(Generic[N]):
    """`module` is the average of a network's weights and of what its norms remember; a young one forgets faster.

    As `torch.optim.swa_utils.AveragedModel`, which makes a GPU wait in each step.
    """

    def __init__(self, network: N, decay: float) -> None:
        self.module = copy.deepcopy(network)
        self._decay, self._count = decay, 0
        self._pairs: tuple[list[tuple[Tensor, Tensor]], list[tuple[Tensor, Tensor]]] | None = None

    @torch.no_grad()
    def update(self, network: N) -> None:
        """Take in the weights after a step; `network` is the one it was made of."""
        kept = min(self._decay, (1 + self._count) / (10 + self._count)) if self._count else 0.0
        if self._pairs is None:  # not before: a network may be laid out anew in memory before its first step
            channels_last(self.module)  # as the network is, or each weight goes by itself
            both = [*zip(_tensors(self.module), _tensors(network), strict=True)]
            floats = [pair for pair in both if pair[0].is_floating_point()]
            self._pairs = floats, [pair for pair in both if not pair[0].is_floating_point()]
        means, values = zip(*self._pairs[0], strict=True)
        torch._foreach_lerp_(means, values, 1 - kept)
        if self._pairs[1]:  # how many batches the norms have seen
            counts, seen = zip(*self._pairs[1], strict=True)
            torch._foreach_copy_(counts, seen)
        self._count += 1

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` goes on from."""
        weights = {f"module.{name}": item for name, item in self.module.state_dict().items()}
        return {"n_averaged": torch.tensor(self._count), **weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's state."""
        self._count = int(state["n_averaged"])
        weights = {name.removeprefix("module."): item for name, item in state.items() if name != "n_averaged"}
        self.module.load_state_dict(weights)


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
