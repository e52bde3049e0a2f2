"""What was asked for and could not be done."""

import streamlit as st

from app.parts.text import md
from core.errors import GraftError
from core.services.exports import RunRecord


def refused(error: GraftError) -> None:
    """What is wrong, and the way out."""
    _trouble(error.message, error.hint)


def failed(run: RunRecord) -> None:
    """Why a run failed, and the way out."""
    _trouble(run.error, run.hint)


def _trouble(what: str, way_out: str) -> None:
    st.error(f"{md(what)} {md(way_out)}".strip(), icon=":material/error:")
