"""What can be told of a test's worth before anything is trained."""

import streamlit as st

from app.context import graft
from app.parts.text import md
from core.types import ProjectId


def foreseen(project: ProjectId, *, choosing: bool = False) -> None:
    """Warnings, if there are any; `choosing` where the validation pictures decide between many trainings."""
    for words in _warnings(str(graft().settings.home), project, choosing):
        st.warning(words, icon=":material/warning:")


# Each click on the page asks again: of 100,000 pictures from a few groups that takes more than a second.
@st.cache_data(ttl=20, max_entries=64, show_spinner=False)
def _warnings(home: str, project: ProjectId, choosing: bool) -> tuple[str, ...]:
    # `home` is there for the key: projects of another have the same numbers.
    return graft().training.warnings(project, choosing=choosing)


def foreseen_folds(project: ProjectId, folds: int, *, shuffle: bool, keep_together: str) -> None:
    """A warning where not every fold, or random part, can be judged by all classes."""
    if words := _warning_of_folds(str(graft().settings.home), project, folds, shuffle, keep_together):
        st.warning(md(words), icon=":material/warning:")


@st.cache_data(ttl=20, max_entries=64, show_spinner=False)
def _warning_of_folds(home: str, project: ProjectId, folds: int, shuffle: bool, keep_together: str) -> str:
    return graft().training.warning_of_folds(project, folds, shuffle=shuffle, keep_together=keep_together)
