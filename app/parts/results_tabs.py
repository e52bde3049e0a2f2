"""The sections of the results page by name, and which of them a kind of label has."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from app.links import set_params
from app.parts import results_sections as sections
from app.parts.abstaining import abstaining
from app.parts.decision import decision
from app.parts.fold_scores import kept_fold_scores
from app.parts.forecast import forecast
from app.parts.promise import promised
from app.parts.report import report
from app.parts.robustness import robustness
from app.parts.weak_spots import weak_spots
from core.services.projects import ProjectView
from core.services.results import ResultsView
from core.types import RunId, Task

CLASSED = (Task.SINGLE, Task.ORDINAL, Task.MULTI)
EXCLUSIVE = (Task.SINGLE, Task.ORDINAL)
NUMBERS = (Task.REGRESSION,)


@dataclass(frozen=True, slots=True)
class Tab:
    """A section: how it is drawn, and for which kinds of label.

    It is drawn for what is shown and the run whose model it is, which differ where a model is tested elsewhere.
    `folded`: only a cross-validation has it.
    """

    draw: Callable[[ProjectView, ResultsView, RunId], None]
    tasks: tuple[Task, ...] = tuple(Task)
    folded: bool = False


def _sureness(project: ProjectView, view: ResultsView, model: RunId) -> None:
    if view.task is not Task.REGRESSION:
        sections.sureness(view)
    promised(view.run_id, view.task, grouped=view.grouped, unit=view.unit)


TABS = {
    "Confusions": Tab(lambda project, view, model: sections.confusions(project, view), CLASSED),
    "Scatter": Tab(lambda project, view, model: sections.scatter(project, view), NUMBERS),
    "Mistakes": Tab(lambda project, view, model: sections.mistakes(project, view)),
    "Classes": Tab(lambda project, view, model: sections.classes(view), CLASSED),
    "Fold by fold": Tab(lambda project, view, model: kept_fold_scores(model), folded=True),
    "Weak spots": Tab(lambda project, view, model: weak_spots(project, view)),
    "How sure it is": Tab(_sureness),
    "When not to answer": Tab(lambda project, view, model: abstaining(project, view)),
    "Decide": Tab(lambda project, view, model: decision(project, view), CLASSED),
    "Robustness": Tab(lambda project, view, model: robustness(view.run_id, view.unit)),
    "What to label next": Tab(lambda project, view, model: forecast(view.run_id), EXCLUSIVE),
    "All figures": Tab(lambda project, view, model: sections.everything(view)),
    "Report": Tab(lambda project, view, model: report(model)),
}
"""Name -> section, in the order of the page."""


def choose_tab(task: Task, *, folded: bool = False) -> Tab:
    """The section in the address or chosen here; `folded`: of a cross-validation's own results."""
    names = [name for name, tab in TABS.items() if task in tab.tasks and (folded or not tab.folded)]
    wanted = st.query_params.get("show", "")
    chosen = st.segmented_control(
        "Show", names, default=wanted if wanted in names else names[0], required=True, label_visibility="collapsed"
    )
    set_params(show=None if chosen == names[0] else chosen)
    return TABS[chosen]
