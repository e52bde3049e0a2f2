"""One training by several processes, one per GPU: torch's DistributedDataParallel (https://arxiv.org/abs/2006.15704).

Each process looks at its share of every batch, so that the steps, and what is learnt in them, are those of one process:
batch norm apart, which sees its own share. The first process watches, validates and keeps the checkpoints.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

import torch
import torch.multiprocessing
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from core.errors import GraftError

Value = TypeVar("Value")
Work = Callable[["Group", torch.device], Value]
HERE, LOOK_S = "127.0.0.1", 0.02
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

    def total(self, value: Tensor) -> Tensor:
        """The sum over the group, the same in each process; `value` () on the process's device."""
        if self.size > 1:
            distributed.all_reduce(value)
        return value

    def any(self, here: bool) -> bool:
        """Whether it is so in any process of the group."""
        if self.size == 1:
            return here
        found = torch.tensor(float(here), device=_meeting_device())
        distributed.all_reduce(found, distributed.ReduceOp.MAX)
        return bool(found)

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

    If the first one raises, the others are ended. Raises GraftError if one of them ends before it has joined.
    """
    size = len(devices)
    if size == 1:
        return first(ALONE, devices[0])
    # It listens before the others start: a port that was only found free may be taken until then.
    store = _store(0, leads=True)
    context = torch.multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_member, args=(other, Group(rank, size), device, store.port), daemon=True)
        for rank, device in enumerate(devices)
        if rank
    ]
    for process in others:
        process.start()
    try:
        _gather(store, others)
        with _joined(Group(0, size), devices[0], store) as group:
            return first(group, devices[0])
    finally:
        for process in others:
            process.join(5)
            process.kill()  # of one that has ended nothing is left to kill


def _store(port: int, *, leads: bool) -> Any:
    """Where the processes meet; the leading one's port may be 0, any free one."""
    # Not at the top: torch may be built without it, which one process does not need.
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    return TCPStore(HERE, port, is_master=leads, wait_for_workers=False)


def _gather(store: Any, others: Sequence[BaseProcess]) -> None:
    """Wait until all others are here. torch would wait half an hour for one that has died on its way."""
    missing = {f"member {rank}": process for rank, process in enumerate(others, 1)}
    while missing:
        missing = {name: process for name, process in missing.items() if not store.check([name])}
        if not all(process.is_alive() for process in missing.values()):
            raise GraftError(
                "One of the processes that should learn together ended before it began.",
                hint="Start the training again, or name one GPU in GRAFT_DEVICE.",
            )
        time.sleep(LOOK_S)


def _member(other: "Work[object]", group: Group, device: torch.device, port: int) -> None:
    store = _store(port, leads=False)
    store.set(f"member {group.rank}", "here")
    with _joined(group, device, store):
        other(group, device)


@contextlib.contextmanager
def _joined(group: Group, device: torch.device, store: Any) -> Iterator[Group]:
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, store=store, rank=group.rank, world_size=group.size)
    try:
        yield group
    finally:
        distributed.destroy_process_group()


def _meeting_device() -> torch.device:
    return torch.device("cuda") if distributed.get_backend() == "nccl" else torch.device("cpu")
