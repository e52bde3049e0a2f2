"""A confusion matrix whose cells are buttons. The chosen cell stands in the address, so that it survives a reload."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from app.components import mount
from app.links import set_params
from core.charts.words import short
from core.types import whole_number

Cell = tuple[int, int]
FITTING = ((24, 21, 19), (7, 26, 21), (0, 26, 17))
"""With more columns than the first number, so many letters of a row's name fit, and so many of a column's."""


def chosen_cell(rows: int, columns: int) -> Cell | None:
    """The cell in the address (`?cell=1,0`), if there is such a one."""
    first, _, second = st.query_params.get("cell", "").partition(",")
    row, column = whole_number(first), whole_number(second)
    if row is None or column is None or row >= rows or column >= columns:
        return None
    return row, column


def matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Sequence[Sequence[int]],
    *,
    key: str,
    right: Literal["diagonal", "first"] = "diagonal",
    words: tuple[str, str] = ("true ", "predicted "),
    bases: Sequence[int] = (),
    signed: bool = False,
    order: Sequence[int] = (),
) -> Cell | None:
    """Show counts and return the chosen cell.

    right   which cells are good: the diagonal, or the first column
    words   what a cell's spoken name puts before its row's and its column's name
    bases   what a row's shares are shares of; its sum, if not given
    signed  the counts are differences of two matrices
    order   positions of rows and columns alike, as they are to be shown; a cell's address does not depend on it
    """
    chosen = chosen_cell(len(rows), len(columns))
    if order:
        rows, columns = [rows[k] for k in order], [columns[k] for k in order]
        counts, bases = [[counts[row][column] for column in order] for row in order], [bases[k] for k in order if bases]

    def choose() -> None:
        row, column = (order[place] if order else place for place in st.session_state[key].cell)
        set_params(cell=f"{row},{column}")

    mount(
        "matrix",
        key=key,
        data={
            "rows": list(rows),
            "columns": list(columns),
            "short": _short(rows, columns),
            "counts": [list(row) for row in counts],
            "bases": list(bases) or [sum(row) for row in counts],
            "totals": None if signed else list(bases) or [sum(row) for row in counts],
            "right": right,
            "words": list(words),
            "corner": "is ↓  said →" if right == "diagonal" else "",
            "chosen": [order.index(place) if order else place for place in chosen] if chosen else None,
            "signed": signed,
        },
        on_cell_change=choose,
    )
    return chosen


def _short(rows: Sequence[str], columns: Sequence[str]) -> list[list[str]]:
    """The names of rows and of columns as far as they fit."""
    _, row, column = next(item for item in FITTING if len(columns) > item[0])
    by_row, by_column = short(rows, row), short(columns, column)
    return [[by_row[name] for name in rows], [by_column[name] for name in columns]]
