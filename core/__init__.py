"""Graft's core: everything but the web pages. Never imports `app` or `streamlit`."""
