"""What a step learns from, on the device; on a GPU the next batch is read while the step is computed."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

Pin = Callable[[Tensor], Tensor]


def read_ahead(
    read: Callable[[Tensor], Tensor], batches: Sequence[Tensor], device: torch.device, pin: Pin = Tensor.pin_memory
) -> Iterator[Tensor]:
    """`read` of each of `batches`, in their order, on `device`.

    A processor would only take turns with itself: there each is read when it is asked for. A GPU copies from pinned
    memory while it computes (https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html).
    """
    if device.type != "cuda":
        for batch in batches:
            yield read(batch).to(device)
        return
    with ThreadPoolExecutor(1) as thread:
        coming = [thread.submit(lambda batch: pin(read(batch)), batch) for batch in batches[:1]]
        for following in [*batches[1:], None]:
            ready = coming.pop().result()
            if following is not None:
                coming.append(thread.submit(lambda batch: pin(read(batch)), following))
            yield ready.to(device, non_blocking=True)
