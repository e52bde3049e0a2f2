"""What every benchmark shares: a figure with its floor and target, printed as a table; a quiet place to measure in."""

import contextlib
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.graft import Graft, open_graft
from core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line: `value` beside its `floor` (or peer) and the `target` in words, and whether it was met."""

    name: str
    value: str
    floor: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print the table."""
    print(f"\n{title}\n{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPU cores, Python {platform.python_version()}\n")
    header = ["figure", "measured", "floor or peer", "ratio", "target", "met"]
    rows = [
        [
            item.name,
            item.value,
            item.floor,
            "" if item.ratio is None else f"{item.ratio:.2f}",
            item.target,
            "" if item.met is None else "yes" if item.met else "NO",
        ]
        for item in figures
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def alternated(repeats: int, *measure: Callable[[], float]) -> list[float]:
    """The median of each, measured in turns, so that what else the machine does falls on all alike."""
    found: list[list[float]] = [[] for _ in measure]
    for _ in range(repeats):
        for values, one in zip(found, measure, strict=True):
            values.append(one())
    return [statistics.median(values) for values in found]


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """This process and the threads it starts on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def fresh_home() -> Iterator[Graft]:
    """An empty home where homes lie, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=Path(__file__).parents[1] / "data") as folder:
        yield open_graft(Settings(home=Path(folder), device="cpu"))
