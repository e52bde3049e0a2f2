"""One training by several processes, one per GPU: torch's DistributedDataParallel (https://arxiv.org/abs/2006.15704).

Each process looks at its share of every batch, so that the steps, and what is learnt in them, are those of one process:
batch norm apart, which sees its own share. The first process watches, validates and keeps the checkpoints.
"""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.multiprocessing
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

Value = TypeVar("Value")
Work = Callable[["Group", torch.device], Value]
LEAST_SHARE = 2
"""Pictures of a batch per process: batch norm needs two."""


@dataclass(frozen=True, slots=True)
class Group:
    """Which of how many processes this is."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process watches, validates and writes."""
        return self.rank == 0

    def share(self, chosen: Tensor) -> Tensor:
        """This process's part of a batch's positions."""
        return chosen.tensor_split(self.size)[self.rank]

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network whose gradients are averaged over the group; itself where it is alone. Again after each thaw."""
        if self.size == 1:
            return network
        return DistributedDataParallel(network, find_unused_parameters=True)

    def total(self, value: float) -> float:
        """The sum over the group, the same in each process."""
        if self.size == 1:
            return value
        found = torch.tensor(value, dtype=torch.float64, device=_meeting_device())
        distributed.all_reduce(found)
        return float(found)

    def agreed(self, values: list[float]) -> list[float]:
        """The first process's values."""
        if self.size == 1:
            return values
        found = torch.tensor(values, dtype=torch.float64, device=_meeting_device())
        distributed.broadcast(found, 0)
        return [float(item) for item in found]


ALONE = Group()


def devices_for(device: torch.device, wanted: str, batch_size: int) -> list[torch.device]:
    """All GPUs where none was named, as many as leave each two pictures of a batch; else the device alone."""
    if device.type != "cuda" or wanted != "auto":
        return [device]
    count = min(torch.cuda.device_count(), batch_size // LEAST_SHARE)
    return [torch.device("cuda", index) for index in range(count)] if count > 1 else [device]


def adding_up(model: nn.Module, last: bool) -> AbstractContextManager[None]:
    """Gradients of parts of a batch are exchanged once, with the last part."""
    if isinstance(model, DistributedDataParallel) and not last:
        return model.no_sync()
    return contextlib.nullcontext()


def together(first: "Work[Value]", other: "Work[object]", devices: list[torch.device]) -> Value:
    """What `first` returns in this process; `other`, which must be picklable, runs beside it for each further device.

    If the first one raises, the others are ended.
    """
    size = len(devices)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_member, args=(other, Group(rank, size), device, port), daemon=True)
        for rank, device in enumerate(devices)
        if rank
    ]
    for process in others:
        process.start()
    try:
        with _joined(ALONE if size == 1 else Group(0, size), devices[0], port) as group:
            return first(group, devices[0])
    finally:
        for process in others:
            process.join(5)
            process.kill()  # of one that has ended nothing is left to kill


def _member(other: "Work[object]", group: Group, device: torch.device, port: int) -> None:
    with _joined(group, device, port):
        other(group, device)


@contextlib.contextmanager
def _joined(group: Group, device: torch.device, port: int) -> Iterator[Group]:
    if group.size == 1:
        yield group
        return
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", rank=group.rank, world_size=group.size)
    try:
        yield group
    finally:
        distributed.destroy_process_group()


def _meeting_device() -> torch.device:
    return torch.device("cuda") if distributed.get_backend() == "nccl" else torch.device("cpu")
