"""A step of training that is only tried: on a copy of the network and on noise, so that nothing of the run moves."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models import Network, channels_last


def tried_copy(network: Network, batch: int) -> tuple[Network, Tensor]:
    """A copy of the network that learns, and so many pictures for it, (N, 3, H, W) of bytes as float32."""
    size = network.image_size
    pictures = torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(0)) * 255
    return channels_last(copy.deepcopy(network)).train(), pictures.to(network.head.weight.device)


def tried_step(model: nn.Module, pictures: Tensor, *, half: bool) -> float:
    """Forwards and backwards, by numbers of 16 bits if `half`; what it returns only makes a GPU be waited for."""
    with torch.random.fork_rng():  # dropout must not move the run's own randomness
        with torch.autocast(pictures.device.type, torch.bfloat16, enabled=half):
            logits = model(pictures)
        torch.autograd.backward(functional.mse_loss(logits.float(), torch.zeros_like(logits, dtype=torch.float32)))
    return float(logits.detach().sum())
