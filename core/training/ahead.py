"""What a step learns from, on the device: read while the step before is computed, or there since an earlier epoch."""

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

Pin = Callable[[Tensor], Tensor]
SHARE = 0.25
"""Of a GPU's free memory that may be filled with pictures; the steps need the rest."""


class Kept:
    """Pictures of a training that stay on the device once they were there, by their positions in [0, count).

    They lie channels last, as networks want them.
    """

    def __init__(self, count: int, device: torch.device) -> None:
        self._rows: Tensor | None = None
        self._there = torch.zeros(count, dtype=torch.bool)
        self._device = device

    @property
    def complete(self) -> bool:
        """Whether all of them are there."""
        return bool(self._there.all())

    def take(self, batch: Tensor) -> Tensor:
        """Pictures (n, 3, S, S) at positions (n,), all of which must be there."""
        assert self._rows is not None
        return self._rows[on_device(batch, self._device)]

    def put(self, batch: Tensor, pictures: Tensor) -> None:
        """Remember pictures (n, 3, S, S) that are on the device."""
        if self._rows is None:
            rows = (len(self._there), *pictures.shape[1:])
            self._rows = torch.empty_like(pictures[:1].expand(rows), memory_format=torch.channels_last)
        self._rows[on_device(batch, self._device)] = pictures
        self._there[batch] = True


def keep_on(device: torch.device, count: int, picture_bytes: int) -> Kept | None:
    """Room for `count` pictures, where a GPU has it to spare."""
    if device.type != "cuda" or count * picture_bytes > SHARE * torch.cuda.mem_get_info(device)[0]:
        return None
    return Kept(count, device)


def on_device(values: Tensor, device: torch.device) -> Tensor:
    """The processor's `values` there. A copy from pinned memory waits for nothing that a GPU has still to do.

    https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html
    """
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


def read_ahead(
    read: Callable[[Tensor], Tensor],
    batches: Sequence[Tensor],
    device: torch.device,
    kept: Kept | None = None,
    pin: Pin = Tensor.pin_memory,
) -> Iterator[Tensor]:
    """`read` of each of `batches`, in their order, on `device`; nothing is read once all is `kept` there.

    A processor would only take turns with itself: there each is read when it is asked for. For a GPU a thread reads
    the next batch while it computes.
    """
    if device.type != "cuda":
        for batch in batches:
            yield read(batch).to(device)
        return
    if kept is not None and kept.complete:
        for batch in batches:
            yield kept.take(batch)
        return
    coming = [_reader().submit(lambda batch: pin(read(batch)), batch) for batch in batches[:1]]
    for batch, following in zip(batches, [*batches[1:], None], strict=True):
        ready = coming.pop().result()
        if following is not None:
            coming.append(_reader().submit(lambda batch: pin(read(batch)), following))
        there = ready.to(device, non_blocking=True)
        if kept is not None:
            kept.put(batch, there)
        yield there


@functools.cache
def _reader() -> ThreadPoolExecutor:
    """One thread, from epoch to epoch."""
    return ThreadPoolExecutor(1)
