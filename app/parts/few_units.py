"""What too few cases or groups will not tell, said before anything is trained."""

import streamlit as st

from app.context import graft
from core.types import ProjectId


def few_units(project: ProjectId, *, choosing: bool = False) -> None:
    """A warning where there are too few; `choosing` where the validation pictures decide between many trainings."""
    outlook = graft().training.foresee(project)
    if outlook is None or not outlook.warning:
        return
    words = outlook.warning_of_choice if choosing else outlook.warning
    st.warning(f"{words}\n\n{outlook.way_out()}", icon=":material/warning:")
