"""Looking into a network while it runs. Whatever is changed here is put back, also after an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(slots=True)
class Leaf:
    """A layer's output, once the network ran; gradients end there."""

    value: Tensor | None = None


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """The network without gradients of its parameters: only what is asked for is computed."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


@contextmanager
def leaf_at(layer: nn.Module) -> Iterator[Leaf]:
    """While open, the graph of gradients begins at `layer`'s output: what lies before it costs no backward pass."""
    leaf = Leaf()

    def cut(_layer: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        leaf.value = output.detach().requires_grad_()
        return leaf.value.clone()  # the next layer may work in place, which a leaf forbids

    handle = layer.register_forward_hook(cut)
    try:
        yield leaf
    finally:
        handle.remove()


@contextmanager
def outputs_of(network: nn.Module) -> Iterator[list[tuple[str, nn.Module, Tensor]]]:
    """While open, every layer's output as (path, layer, tensor), in the order in which the layers finish."""
    seen: list[tuple[str, nn.Module, Tensor]] = []
    handles = []

    def note(name: str, layer: nn.Module, output: object) -> None:
        if isinstance(output, Tensor) and torch.is_floating_point(output):
            seen.append((name, layer, output))

    for name, layer in network.named_modules():
        handles.append(layer.register_forward_hook(lambda layer, _inputs, output, name=name: note(name, layer, output)))
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
