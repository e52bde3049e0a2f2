"""CSV going out."""

import csv
import io
import re
from collections.abc import Iterable, Sequence


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with a byte order mark, which makes spreadsheets read it as UTF-8.

    A text that begins like a formula gets an apostrophe before it: a file name must not run in a spreadsheet.
    `plain_text` takes it away again.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    for row in (header, *rows):
        writer.writerow([_safe(value) for value in row])
    return "\ufeff" + file.getvalue()


_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def _safe(value: object) -> object:
    if isinstance(value, str):
        text = value.replace("\x00", "")
        return "'" + text if _FORMULA.match(text) else text
    return "" if value is None else value


def plain_text(cell: str) -> str:
    """What stood in a cell before `csv_text` made it safe."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
