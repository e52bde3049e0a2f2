"""CSV going out."""

import csv
import io
from collections.abc import Iterable, Sequence


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with a byte order mark, which makes spreadsheets read it as UTF-8.

    A text that begins like a formula gets an apostrophe before it: a file name must not run in a spreadsheet.
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_safe(value) for value in row])
    return "\ufeff" + file.getvalue()


def _safe(value: object) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return "" if value is None else value
