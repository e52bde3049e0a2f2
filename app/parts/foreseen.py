"""What can be told of a test's worth before anything is trained."""

import streamlit as st

from app.context import graft
from core.types import ProjectId


def foreseen(project: ProjectId, *, choosing: bool = False) -> None:
    """Warnings, if there are any; `choosing` where the validation pictures decide between many trainings."""
    for words in graft().training.warnings(project, choosing=choosing):
        st.warning(words, icon=":material/warning:")
