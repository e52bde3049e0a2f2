"""Decode once: pictures as the network's squares, kept on disk, so that no run after the first opens a JPEG."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.errors import BadImage, PictureLost
from core.features.rows import RowCache
from core.features.threads import ThreadTrial
from core.inference import frame_picture, open_pixels, to_batch
from core.media import BlobStore
from core.media.parallel import usable_cores
from core.settings import Settings

MOST, PART_BYTES, IN_A_GO = 128, 2**25, 4
"""Pictures that are written together, or fewer that are so large; and that a thread decodes one after the other:
handing over each alone cost an eighth of the time."""
Watch = Callable[[int, int], None]


class PixelCache:
    """Squares (S, S, 3) uint8 of stored pictures, by blob."""

    def __init__(self, settings: Settings, size: int, framing: str) -> None:
        self.settings = settings
        self.size = size
        self.framing = framing
        self.threads = 0
        """How many decoded last; 0 before."""
        self._blobs = BlobStore(settings)
        self._rows = RowCache(settings.pixels / f"{size}-{framing}", (size, size, 3), np.uint8)

    def fill(self, blobs: Sequence[str], watch: Watch = lambda done, total: None) -> int:
        """Decode what is missing and return how many; `watch` may raise to stop. Raises PictureLost, OSError."""
        missing = self._rows.missing(blobs)
        watch(0, len(missing))
        trial = ThreadTrial(usable_cores())
        written: Future[None] | None = None
        together = min(MOST, max(IN_A_GO, PART_BYTES // (3 * self.size**2)))
        with ThreadPoolExecutor(1) as writer:  # a part is written while the next one is decoded
            for start in range(0, len(missing), together):
                part, begun = missing[start : start + together], time.perf_counter()
                squares = np.empty((len(part), self.size, self.size, 3), np.uint8)
                with closing(self._decoding(part, squares, trial.count)) as decoding:
                    for done in decoding:
                        watch(start + done, len(missing))
                self.threads = trial.count
                trial.took(len(part), time.perf_counter() - begun)
                if written:
                    written.result()
                written = writer.submit(self._rows.add, part, squares)
        if written:
            written.result()
        return len(missing)

    def _decoding(self, blobs: Sequence[str], squares: NDArray[np.uint8], threads: int) -> Generator[int, None, None]:
        """Write the pictures into `squares` (n, S, S, 3), and say how many are done."""

        stopped = threading.Event()

        def some(first: int) -> int:
            last = min(first + IN_A_GO, len(blobs))
            for number in range(first, last):
                if not stopped.is_set():
                    squares[number] = self._square(blobs[number])
            return last

        pool = ThreadPoolExecutor(threads)  # decoding leaves Python's lock alone
        try:
            yield from pool.map(some, range(0, len(blobs), IN_A_GO))
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)  # whoever stops it does not wait for 128 large photos

    def _square(self, blob: str) -> NDArray[np.uint8]:
        content = self._blobs.read(blob)
        try:
            return frame_picture(open_pixels(content, blob, min_side=self.size), self.size, self.framing)
        except BadImage as error:  # it could be decoded when it came in
            raise PictureLost(blob, gone=False) from error

    def read(self, blobs: Sequence[str]) -> Tensor:
        """(n, 3, S, S) uint8, channels last in memory."""
        return to_batch(self._rows.read(blobs, self._square).astype(np.uint8, copy=False))

    def batches(self, blobs: Sequence[str], size: int) -> Iterator[Tensor]:
        """The same in batches."""
        return (self.read(blobs[start : start + size]) for start in range(0, len(blobs), size))
