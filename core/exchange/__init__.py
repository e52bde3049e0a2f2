"""Tables that come in and go out: labels and metadata as CSV. No database."""

from core.exchange.labels_csv import LabelTable, TableRow, read_label_table
from core.exchange.write_csv import csv_text

__all__ = ["LabelTable", "TableRow", "csv_text", "read_label_table"]
