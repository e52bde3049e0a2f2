"""Rows of numbers on disk, one per picture, found again by the picture's address: a cache that can be deleted.

Two files: `rows.bin` holds the rows one behind the other, `index.bin` one record per row (address, checksum).
A row counts only when its record is there and its checksum holds: one half-written or damaged is made anew.
Reading is by memory map, so that 100,000 pictures need no memory of their own.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from isal.isal_zlib import crc32  # zlib's numbers, twenty times as fast
from numpy.typing import NDArray

LOG = logging.getLogger("graft.cache")
_RECORD = np.dtype([("address", "S64"), ("crc", "<u4")])


class RowCache:
    """Rows of one shape and type in a folder."""

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self.folder = folder
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._row_bytes = int(np.prod(shape)) * self.dtype.itemsize
        self._positions: dict[str, int] = {}

    def missing(self, addresses: Sequence[str]) -> list[str]:
        """Which of these have no row yet, each once, in their order."""
        names = (bytes(address).decode() for address in self._records()["address"])
        self._positions = {name: position for position, name in enumerate(names)}  # the newest row counts
        return [name for name in dict.fromkeys(addresses) if name not in self._positions]

    def __contains__(self, address: str) -> bool:
        """Whether it had a row when `missing` was asked last, or was added since."""
        return address in self._positions

    def add(self, addresses: Sequence[str], rows: NDArray[np.generic]) -> None:
        """Append rows (n, *shape). Raises OSError on a full disk; what was there before stays."""
        rows = np.ascontiguousarray(rows, self.dtype)
        records = np.empty(len(addresses), _RECORD)
        for number, (address, row) in enumerate(zip(addresses, rows, strict=True)):
            records[number] = (address.encode(), crc32(row))
        with self._locked():
            count = len(self._records())
            with (self.folder / "rows.bin").open("r+b") as file:
                file.truncate(count * self._row_bytes)  # what a killed process left without a record
                file.seek(0, os.SEEK_END)
                file.write(rows.data)
            with (self.folder / "index.bin").open("ab") as file:
                file.truncate(count * _RECORD.itemsize)
                file.write(records.tobytes())
        self._positions |= {address: count + number for number, address in enumerate(addresses)}

    def read(self, addresses: Sequence[str], remake: Callable[[str], NDArray[np.generic]]) -> NDArray[np.generic]:
        """Rows (n, *shape), copied. One that is damaged or gone is replaced by `remake(address)`, on disk too.

        KeyError for an address that `missing` would name.
        """
        rows, records = self._map(), self._records()
        found = np.empty((len(addresses), *self.shape), self.dtype)
        positions = [self._positions[address] for address in addresses]
        for number, (address, position) in enumerate(zip(addresses, positions, strict=True)):
            if _kept(address, position, rows, records):
                found[number] = rows[position].view(self.dtype).reshape(self.shape)
            else:
                LOG.warning("A damaged row of the cache %s is made anew.", self.folder)
                found[number] = remake(address)
                self.add([address], found[number][None])
        return found

    def _map(self) -> NDArray[np.uint8]:
        path = self.folder / "rows.bin"
        whole = path.stat().st_size // self._row_bytes if path.exists() else 0
        if not whole:
            return np.empty((0, self._row_bytes), np.uint8)
        return np.memmap(path, dtype=np.uint8, mode="r", shape=(whole, self._row_bytes))

    def _records(self) -> NDArray[np.void]:
        path, rows = self.folder / "index.bin", self.folder / "rows.bin"
        if not path.exists() or not rows.exists():
            return np.empty(0, _RECORD)
        count = min(path.stat().st_size // _RECORD.itemsize, rows.stat().st_size // self._row_bytes)
        if not count:
            return np.empty(0, _RECORD)
        # Mapped, not read: every batch of a training looks at a few records of what may be 100,000.
        return np.memmap(path, dtype=_RECORD, mode="r", shape=(count,))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "rows.bin").touch()
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # a prediction may fill the same cache beside a training
            yield


def _kept(address: str, position: int, rows: NDArray[np.uint8], records: NDArray[np.void]) -> bool:
    """Whether the row of that address still lies there: the folder may have been emptied and filled anew."""
    if position >= min(len(rows), len(records)):
        return False
    record = records[position]
    return bool(record["address"] == address.encode() and record["crc"] == crc32(rows[position]))
