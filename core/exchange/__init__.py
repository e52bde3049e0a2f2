"""Tables that come in and go out: labels and metadata as CSV. No database."""

from core.exchange.labels_csv import LabelTable, TableRow, read_label_table
from core.exchange.write_csv import csv_text
from core.exchange.write_dataset import DatasetRow, Names, labels_csv_text

__all__ = ["DatasetRow", "LabelTable", "Names", "TableRow", "csv_text", "labels_csv_text", "read_label_table"]
