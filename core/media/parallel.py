"""Many files looked at by several threads, never more than two batches of them in memory."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def usable_cores() -> int:
    """How many cores this process may use: fewer than there are where a container or `taskset` says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_batches(items: Sequence[Item], work: Callable[[Item], Result], size: int) -> Iterator[list[Result]]:
    """`work` of every item, in their order; the next batch is worked on while one is used."""
    # Pillow decodes outside Python's lock: one thread per core that this process may use.
    with ThreadPoolExecutor(usable_cores()) as pool:
        waiting: list[Future[Result]] | None = None
        for start in range(0, len(items), size):
            coming = [pool.submit(work, item) for item in items[start : start + size]]
            if waiting is not None:
                yield [future.result() for future in waiting]
            waiting = coming
        if waiting is not None:
            yield [future.result() for future in waiting]
