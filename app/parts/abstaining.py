"""When a model should rather not answer, why, and what that gains."""

import streamlit as st

from app.context import graft
from app.links import set_params
from app.parts.behind import behind
from app.parts.more import explained
from app.parts.promise import choose_promise
from app.parts.text import count, md
from core.charts import answered_figure
from core.services.projects import ProjectView
from core.services.results import ResultsView
from core.services.results_judging import Abstaining
from core.types import Split, Task

HOW = """
**How.** A picture gets no answer for one of three reasons, each by a limit that the validation pictures set.
*Unsure*: more than one answer must be given to hold as often as promised (conformal prediction).
*Not like the training pictures*: its distance to the fifth nearest of them, as the network sees them and in their
colours, is larger than that of 95 % of the validation pictures ([Sun 2022](https://arxiv.org/abs/2204.06507)).
*Too blurred, dark or bright*: far outside what the validation pictures have (Tukey's fence).
The curve lets the model answer only its surest pictures, from few to all; pictures that are bad or strange come last
([El-Yaniv & Wiener 2010](https://jmlr.org/papers/v11/el-yaniv10a.html)). A model can also be wrong where it is sure
and the picture is ordinary: what is answered is not always right.
"""


def abstaining(project: ProjectView, view: ResultsView) -> None:
    """The section."""
    coverage, by = choose_promise(view.task, grouped=view.grouped)
    found = graft().judging.abstaining(view.run_id, coverage, by)
    explained(found.basis.words, HOW, quiet=True)
    st.markdown(_sentence(found))
    for note in found.notes:
        st.caption(f":material/info: {note}")
    if len(found.curve) > 1:
        st.caption(
            "The fewer pictures it answers, the surest ones first, the more of its answers are right, if its sureness "
            "can be believed; the band is the 95 % interval."
        )
        here = None if found.right is None else (found.answered.value, found.right)
        st.plotly_chart(answered_figure(found.curve, here), config={"displayModeBar": False}, key="answered")
    _reasons(project, view, found)


def _sentence(found: Abstaining) -> str:
    answered = round(100 * found.answered.value)
    if found.all_error is not None:
        if found.error is None:
            return "It would answer none of the test pictures."
        return (
            f"Of 100 pictures it answers **{answered}**, and is {found.error:.3g} off on average there; "
            f"were it to answer all, {found.all_error:.3g}."
        )
    if found.right is None or found.all_right is None:
        return "It would answer **none** of the test pictures: too often more than one answer is possible."
    return (
        f"Of 100 pictures it answers **{answered}**, and is right in **{found.right.value:.0%}** of them "
        f"({found.right.low:.0%} to {found.right.high:.0%}); were it to answer all, in {found.all_right.value:.0%}."
    )


def _reasons(project: ProjectView, view: ResultsView, found: Abstaining) -> None:
    if not found.reasons:
        st.success("It answers every test picture.", icon=":material/check:")
        return
    rows = [
        {
            "Why it does not answer": line.words,
            "Pictures": len(line.images),
            "Of 100": f"{100 * line.share.value:.0f} ({100 * line.share.low:.0f} to {100 * line.share.high:.0f})",
        }
        | (
            {}
            if view.task is Task.REGRESSION
            else {
                "It would be right in": "–"
                if line.right is None
                else f"{line.right.value:.0%} ({line.right.low:.0%} to {line.right.high:.0%})"
            }
        )
        for line in found.reasons
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    keys = [line.key for line in found.reasons]
    wanted = st.query_params.get("why", "")
    chosen = st.segmented_control(
        "Show the pictures",
        keys,
        default=wanted if wanted in keys else None,
        format_func=lambda key: next(line.words for line in found.reasons if line.key == key),
    )
    set_params(why=chosen)
    line = next((line for line in found.reasons if line.key == chosen), None)
    if line is not None:
        pictures = graft().judging.behind(view.run_id, line.images, Split.TEST)
        st.markdown(f"#### {md(line.words).capitalize()} · {count(len(pictures), 'picture')}")
        behind(project, view.run_id, pictures, key=f"why-{view.run_id}-{chosen}", truth=True)
