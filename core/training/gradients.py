"""Gradients of a whole batch, added up over parts that fit the memory of every device."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from core.errors import OutOfMemory
from core.models import Network
from core.training.group import Group, adding_up

Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""A model, pictures (n, ...) and targets (n, ...) -> their mean loss ()."""
LEAST = 2
"""Pictures at a time: batch norm needs two."""


class Gradients:
    """Halves how many pictures of a batch are looked at at a time until they fit.

    `spare` gives back what memory can be spared; `note` is told a sentence for people.
    """

    def __init__(
        self, network: Network, batch_size: int, group: Group, loss: Loss, spare: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.network, self.group, self.loss, self.spare, self.note = network, group, loss, spare, note
        self.micro_batch, self._share = batch_size, math.ceil(batch_size / group.size)
        self._fits = group.size == 1

    def more_learns(self) -> None:
        """What fitted the devices of a group need not fit them any longer."""
        self._fits = self.group.size == 1

    def add(self, model: nn.Module, pictures: Tensor, targets: Tensor, weight: float = 1.0) -> Tensor:
        """Add a batch's gradients to those of `model`, the network itself or a form of it; `weight` x its mean loss.

        Raises OutOfMemory where not even two pictures fit, and where memory runs out amid an exchange.
        """
        if not self._fits:
            self._rehearse(pictures, targets)
        while True:
            try:
                return self._by_parts(model, pictures, targets, weight)
            except torch.OutOfMemoryError as error:
                if self.group.size > 1:  # the others are amid an exchange already
                    raise OutOfMemory(
                        "A GPU's memory ran out amid a step that it had room for before.",
                        hint="End other programs that use it, then resume the run; or name one GPU in GRAFT_DEVICE.",
                    ) from error
            self._halve()

    def _rehearse(self, pictures: Tensor, targets: Tensor) -> None:
        """Find out how many pictures at a time fit all devices of the group, before they exchange anything.

        Whoever fails amid an exchange leaves the others waiting. What the step draws and changes is as it was.
        """
        buffers = {name: value.clone() for name, value in self.network.named_buffers()}
        with torch.random.fork_rng([pictures.device] if pictures.device.type == "cuda" else []):
            while not self._fits:
                try:
                    self._by_parts(self.network, pictures, targets, 1.0)
                    failed = False
                except torch.OutOfMemoryError:
                    failed = True
                self.network.zero_grad(set_to_none=True)
                self._fits = not self.group.any(failed)
                if not self._fits:
                    self._halve()
        with torch.no_grad():
            for name, value in self.network.named_buffers():
                value.copy_(buffers[name])

    def _by_parts(self, model: nn.Module, pictures: Tensor, targets: Tensor, weight: float) -> Tensor:
        total = torch.zeros((), device=pictures.device)
        parts = math.ceil(len(pictures) / self.micro_batch)
        pairs = zip(pictures.tensor_split(parts), targets.tensor_split(parts), strict=True)
        for number, (some, wanted) in enumerate(pairs, 1):
            with adding_up(model, last=number == parts):
                loss = self.loss(model, some, wanted) * (weight * len(some) / len(pictures))
                torch.autograd.backward(loss)
            total += loss.detach()
        return total

    def _halve(self) -> None:
        """The same in each process of the group."""
        self.network.zero_grad(set_to_none=True)
        self.spare()
        together = min(self.micro_batch, self._share)
        if together <= LEAST:
            raise OutOfMemory(
                "Not even two pictures at a time fit the device's memory.",
                hint="Choose a smaller network, or a smaller image_size.",
            )
        self.micro_batch = max(LEAST, together // 2)
        self.note(
            f"The device's memory is too small for {self._share} pictures at a time: "
            f"going on with {self.micro_batch}, gradients added up."
        )
