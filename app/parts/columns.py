"""Columns that tables have in common."""

from collections.abc import Iterable

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

NAME_PX, NAME_LETTERS = 200, 28
"""Names of more letters get so much room and no more: on a phone figures must stay in sight beside them."""


def name_column(names: Iterable[str]) -> ColumnConfig:
    """The first column of a table, which stays when the others are moved."""
    long = any(len(name) > NAME_LETTERS for name in names)
    return st.column_config.Column(pinned=True, width=NAME_PX if long else None)
