"""Facts of a file, as numbers for a probe: nothing of what the picture shows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

MOST_KINDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is known of a file without looking at the picture."""

    format: str
    width: int
    height: int
    size_bytes: int
    camera: str = ""
    captured_at: datetime | None = None


def as_numbers(files: Sequence[FileFacts]) -> NDArray[np.float32]:
    """(N, D): size, proportions, bytes per pixel, format, camera and hour of the day."""
    columns = [
        np.log([item.width for item in files]),
        np.log([item.height for item in files]),
        np.log([item.width / item.height for item in files]),
        np.log([max(1, item.size_bytes) for item in files]),
        np.log([max(1, item.size_bytes) / (item.width * item.height) for item in files]),
        *_kinds([item.format for item in files]),
        *_kinds([item.camera for item in files]),
        *_hours([item.captured_at for item in files]),
    ]
    return np.stack(columns, 1).astype(np.float32)


def _kinds(values: Sequence[str]) -> list[NDArray[np.float64]]:
    common = [value for value, _ in Counter(values).most_common(MOST_KINDS)]
    return [np.array([item == value for item in values], np.float64) for value in common] if len(common) > 1 else []


def _hours(moments: Sequence[datetime | None]) -> list[NDArray[np.float64]]:
    # A date without a time of day is stored as midnight: it says nothing of the hour.
    known = [None if item is None or (item.hour, item.minute, item.second) == (0, 0, 0) else item for item in moments]
    if not any(known):
        return []
    angles = np.array([0.0 if item is None else (item.hour + item.minute / 60) / 24 * 2 * np.pi for item in known])
    there = np.array([item is not None for item in known], np.float64)
    return [np.sin(angles) * there, np.cos(angles) * there, there]
