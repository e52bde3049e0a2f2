"""The classes of a project."""

import streamlit as st

from app.links import current_project


def render() -> None:
    """The page."""
    current_project()
    st.title("Classes")
