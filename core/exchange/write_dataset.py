"""labels.csv of an exported dataset: what `read_label_table` reads back without loss."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from core.exchange.labels_csv import MULTI_SEPARATORS
from core.exchange.write_csv import csv_text
from core.types import JsonObject

COLUMNS = ("file", "label", "case", "group", "date", "split")
NO_CLASS = MULTI_SEPARATORS[0]
"""What stands in the label column of a picture that was looked at and has none of the classes."""

_UNSAFE = re.compile(r"[^\w .,+()=@-]+")
_OF_WINDOWS = re.compile(r"(?i)con|prn|aux|nul|com\d|lpt\d")
"""Names that no file of Windows may have, with whatever extension."""
_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """A picture of the dataset. `labels` is None where there is none yet, empty for "none of the classes"."""

    file: str
    labels: Sequence[str] | None = None
    case: str | None = None
    group: str | None = None
    date: datetime | None = None
    split: str | None = None
    extra: JsonObject = field(default_factory=dict)


def label_text(labels: Sequence[str] | None) -> str:
    """Labels as one cell, "a|b"; separators and backslashes inside a name get a backslash before them."""
    if labels is None:
        return ""
    return "|".join(re.sub(r"([|;\\])", r"\\\1", label) for label in labels) or NO_CLASS


def labels_csv_text(rows: Sequence[DatasetRow]) -> str:
    """The table: the columns people expect, then one for each kind of metadata."""
    known = dict.fromkeys(key for row in rows for key in row.extra)
    titles = column_titles(known)
    return csv_text([*COLUMNS, *titles.values()], (_cells(row, list(titles)) for row in rows))


def column_titles(keys: Iterable[str]) -> dict[str, str]:
    """Metadata key -> its column's title; one that would be mistaken for a column of another meaning is marked."""
    taken, titles = set(COLUMNS), {}
    for key in keys:
        title = key
        while title.casefold() in taken:
            title += " (metadata)"
        taken.add(title.casefold())
        titles[key] = title
    return titles


def _cells(row: DatasetRow, keys: Sequence[str]) -> list[object]:
    date = row.date.isoformat() if row.date else ""
    fixed = [row.file, label_text(row.labels), row.case, row.group, date, row.split]
    return [*fixed, *(row.extra.get(key) for key in keys)]


class Names:
    """Gives every picture a name of its own in the zip: its class's folder, its own name, its stored format."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, folder: str, original: str, extension: str, number: int) -> str:
        """A name no picture has yet, case ignored, that every system can unpack."""
        stem = _clean(PurePosixPath(original.replace("\\", "/")).stem) or "picture"
        place = _clean(folder) or "pictures"
        name = f"{place}/{stem}{extension}"
        if name.casefold() in self._taken:
            name = f"{place}/{stem}-{number}{extension}"
        while name.casefold() in self._taken:
            name = f"{name.removesuffix(extension)}-{number}{extension}"
        self._taken.add(name.casefold())
        return name


def _clean(text: str) -> str:
    # No leading dot (hidden), no trailing one (Windows drops it), no system's separators or wildcards.
    # Composed letters: two names that differ in how an accent is written are one on macOS, and to `read_label_table`.
    clean = _UNSAFE.sub("_", unicodedata.normalize("NFC", text))[:_LONGEST].strip(" .")
    return f"{clean}_" if _OF_WINDOWS.fullmatch(clean.partition(".")[0]) else clean
