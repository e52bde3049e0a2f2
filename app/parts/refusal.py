"""What was asked for and could not be done."""

import streamlit as st

from app.parts.text import md
from core.errors import GraftError


def refused(error: GraftError) -> None:
    """What is wrong, and the way out."""
    st.error(f"{md(error.message)} {md(error.hint)}".strip(), icon=":material/error:")
