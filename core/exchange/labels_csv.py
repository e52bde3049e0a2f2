"""A CSV that says, file by file, what a picture shows, whose it is, where and when it was taken."""

import csv
import dataclasses
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Generic, Protocol, TypeVar

from core.errors import BadInput
from core.exchange.write_csv import plain_text
from core.types import JsonObject, Split

FILE_NAMES = ("file", "filename", "file_name", "image", "image_name", "image_id", "path", "name", "id")
LABEL_NAMES = ("label", "class", "category", "diagnosis", "target", "grade", "labels")
CASE_NAMES, GROUP_NAMES, DATE_NAMES = ("case",), ("group",), ("date",)
SPLITS = {"train": Split.TRAIN, "training": Split.TRAIN, "validation": Split.VALIDATION, "valid": Split.VALIDATION,
          "val": Split.VALIDATION, "test": Split.TEST}  # fmt: skip
MULTI_SEPARATORS = ("|", ";")
_PARTS = re.compile(r"((?:\\[|;\\]|[^|;])*)[|;]?")
_ESCAPED = re.compile(r"\\([|;\\])")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line of the table; `line` counts from 1 with the header as line 1.

    `none_of_them` marks a label cell that holds only a separator: looked at, and no class is there. `extra` is what
    other columns say; those of the names `used` are no such ones, whatever an earlier table took them for.
    """

    line: int
    file: str
    labels: tuple[str, ...] = ()
    none_of_them: bool = False
    case: str | None = None
    group: str | None = None
    captured_at: datetime | None = None
    split: Split | None = None
    extra: JsonObject = field(default_factory=dict)
    used: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """The rows, found again by a picture's name, and what was wrong with single lines.

    `remark` says why its split column divides nothing, though it names splits.
    """

    rows: tuple[TableRow, ...]
    problems: tuple[tuple[int, str], ...] = ()
    label_column: str = ""
    remark: str = ""

    def contradictions(self) -> list[tuple[TableRow, TableRow]]:
        """Rows of one name that say different things, an earlier one and the next: the last of a name counts."""
        seen: dict[str, TableRow] = {}
        found = []
        for row in self.rows:
            before = seen.get(key := plain_name(row.file))
            if before is not None and dataclasses.replace(before, line=row.line, file=row.file) != row:
                found.append((before, row))
            seen[key] = row
        return found

    def matcher(self) -> "Matcher[TableRow]":
        """An index of the rows."""
        return Matcher(self.rows)


class OfFile(Protocol):
    """What is told of a file by its name."""

    @property
    def file(self) -> str:
        """The name."""


Row = TypeVar("Row", bound=OfFile)


class Matcher(Generic[Row]):
    """Finds the row for a picture: by its whole relative name, else its file name, else that without extension."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._whole = {plain_name(row.file): row for row in rows}
        self._short: dict[str, Row | None] = {}
        for name, row in self._whole.items():
            for key in {PurePosixPath(name).name, PurePosixPath(name).stem}:
                # Two names that share a short one: neither can be meant by it.
                self._short[key] = None if key in self._short else row

    def find(self, picture: str) -> Row | None:
        """The row that means this picture."""
        path = PurePosixPath(plain_name(picture))
        tails = [str(PurePosixPath(*path.parts[start:])) for start in range(len(path.parts))]
        for key in (*tails, path.stem):
            row = self._whole.get(key) or self._short.get(key)
            if row is not None:
                return row
        return None


def plain_name(file: str) -> str:
    """A file's name by which a table and a folder mean the same, however each writes it."""
    # macOS writes the é of a file's name as e and an accent, a spreadsheet as one letter.
    return unicodedata.normalize("NFC", file.replace("\\", "/").removeprefix("./").lstrip("/")).casefold()


def read_label_table(
    content: bytes,
    name: str,
    *,
    file_column: str = "",
    label_column: str = "",
    case_column: str = "",
    group_column: str = "",
    date_column: str = "",
) -> LabelTable:
    """Read the table. Columns not named are found by their usual names; all others become metadata.

    Columns called case, group and date are taken for what they say, and so is split if all three splits occur in it:
    two of them would leave nothing to choose or to test by. A backslash before a separator makes it part of a label.

    Raises BadInput naming the file and the column for a missing or doubled one, or an unreadable file.
    """
    reader = csv.reader(io.StringIO(_text(content, name), newline=""), _dialect(content, name))
    try:
        lines = [(reader.line_num, [plain_text(cell.strip()) for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise BadInput(
            f"{name} is not a CSV file: {error}.", hint="Look for a quotation mark that nothing closes."
        ) from error
    if not lines:
        raise BadInput(f"{name} is empty.")
    if len(lines) == 1:
        raise BadInput(f"{name} has no line below its header.", hint="It needs one line per picture.")
    header = lines[0][1]
    doubled = [column for column, times in Counter(header).items() if times > 1 and column]
    if doubled:
        raise BadInput(f"{name} has two columns called {doubled[0]!r}.", hint="Rename one of them.")
    split, remark = _split_column(header, lines)
    columns = {
        "file": _column(header, file_column, FILE_NAMES, name, "file"),
        "label": _column(header, label_column, LABEL_NAMES, name, ""),
        "case": _column(header, case_column, CASE_NAMES, name, ""),
        "group": _column(header, group_column, GROUP_NAMES, name, ""),
        "date": _column(header, date_column, DATE_NAMES, name, ""),
        "split": split,
    }
    rows, problems = [], []
    for line, cells in lines[1:]:
        record = dict(zip(header, cells, strict=False))
        if len(cells) > len(header):
            problems.append((line, f"{len(cells)} values for {len(header)} columns."))
            continue
        if not record.get(columns["file"]):
            problems.append((line, f"Column {columns['file']!r} is empty."))
            continue
        try:
            rows.append(_row(line, record, columns))
        except ValueError:
            text = record[columns["date"]]
            if date_column:
                problems.append((line, f"Column {columns['date']!r}: {text[:40]!r} is not a date such as 2026-05-31."))
            else:  # nobody said that the column holds dates
                rows.append(_row(line, record, {**columns, "date": ""}))
    return LabelTable(rows=tuple(rows), problems=tuple(problems), label_column=columns["label"], remark=remark)


def _text(content: bytes, name: str) -> str:
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadInput(f"{name} is not a text file that can be read.", hint="Save it as CSV in UTF-8.")


def _dialect(content: bytes, name: str) -> type[csv.Dialect] | csv.Dialect:
    first = re.sub(r'"[^"]*"', "", _text(content, name)).lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)

    class Found(csv.excel):
        pass

    Found.delimiter = delimiter
    return Found


def _column(header: Sequence[str], wanted: str, guesses: Sequence[str], name: str, needed: str) -> str:
    """The header's own spelling of a column; "" if not wanted and not found."""
    folded = {column.casefold(): column for column in header}
    if wanted:
        if wanted.casefold() not in folded:
            raise BadInput(f"{name} has no column {wanted!r}.", hint=f"Its columns: {', '.join(header)[:300]}.")
        return folded[wanted.casefold()]
    found = next((folded[guess] for guess in guesses if guess in folded), "")
    if needed and not found:
        raise BadInput(
            f"{name} has no column that names the {needed}.",
            hint=f"Call it {needed!r}, or say which of these it is: {', '.join(header)[:300]}.",
        )
    return found


def _split_column(header: Sequence[str], lines: Sequence[tuple[int, Sequence[str]]]) -> tuple[str, str]:
    """The column that divides the pictures, or "" and, if it names some of the splits, why it does not."""
    found = next((column for column in header if column.casefold() == "split"), "")
    if not found:
        return "", ""
    place = header.index(found)
    said = {SPLITS.get(cells[place].casefold()) for _, cells in lines[1:] if place < len(cells)}
    lacking = [split.value for split in Split if split not in said]
    if not lacking:
        return found, ""
    if len(lacking) == len(Split):  # of some other kind
        return "", ""
    return "", (
        f"Column {found!r} names no picture for {' and none for '.join(lacking)}: a table divides the pictures only if "
        "it names all three, train, validation and test. It was kept as a fact about them, and Graft divides them."
    )


def _row(line: int, record: dict[str, str], columns: dict[str, str]) -> TableRow:
    date = record.get(columns["date"], "") if columns["date"] else ""
    captured = datetime.fromisoformat(date) if date else None
    used = {column for column in columns.values() if column}
    label = record.get(columns["label"], "") if columns["label"] else ""
    labels = tuple(_ESCAPED.sub(r"\1", part.strip()) for part in _PARTS.findall(label) if part.strip())
    split = SPLITS.get(record.get(columns["split"], "").casefold()) if columns["split"] else None
    if columns["split"] and split is None:  # some other kind of split: metadata
        used.discard(columns["split"])
    return TableRow(
        line=line,
        file=record[columns["file"]],
        labels=labels,
        none_of_them=bool(label) and not labels,
        case=record.get(columns["case"]) or None if columns["case"] else None,
        group=record.get(columns["group"]) or None if columns["group"] else None,
        captured_at=captured if captured is None or captured.tzinfo else captured.replace(tzinfo=UTC),
        split=split,
        extra={column: value for column, value in record.items() if column and column not in used and value},
        used=frozenset(used),
    )
