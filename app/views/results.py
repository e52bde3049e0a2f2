"""Not written yet."""

import streamlit as st


def render() -> None:
    """The page."""
    st.write("Soon.")
