"""Steps that are only tried: what they take says what is faster on this machine."""

import copy

import torch
from torch import nn
from torch.nn import functional

from core.models import Network, channels_last


class Rehearsal:
    """A copy of a network, all of which learns from drawn pictures. The network and the run's randomness stay."""

    def __init__(self, network: Network, pictures: int) -> None:
        self.network = channels_last(copy.deepcopy(network)).train()
        side = network.image_size
        drawn = torch.rand(pictures, 3, side, side, generator=torch.Generator().manual_seed(0)) * 255
        self._pictures = drawn.to(network.head.weight.device, memory_format=torch.channels_last)

    def steps(self, count: int = 1, *, half: bool, pictures: int | None = None, model: nn.Module | None = None) -> None:
        """So many times forth and back through a form of the network, with all or so many pictures; waits for a GPU."""
        some, model = self._pictures[:pictures], self.network if model is None else model
        with torch.random.fork_rng():  # dropout must not move the run's own randomness
            for _ in range(count):
                with torch.autocast(some.device.type, torch.bfloat16, enabled=half):
                    logits = model(some)
                wanted = torch.zeros_like(logits, dtype=torch.float32)
                torch.autograd.backward(functional.mse_loss(logits.float(), wanted))
        float(logits.detach().sum())
