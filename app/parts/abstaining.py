"""When a model should rather not answer, why, and what that gains."""

import streamlit as st

from app.context import graft
from app.links import set_params
from app.parts.behind import behind
from app.parts.more import explained
from app.parts.promise import choose_promise, promise_of
from app.parts.text import count, md
from core.charts import answered_figure
from core.services.projects import ProjectView
from core.services.results import FIGURES, Interval, ResultsView
from core.services.results_judging import Abstaining
from core.types import Split, Task
from core.words import between

ERROR = FIGURES["mae"]
REASONS = """
**How.** A picture gets no answer for one of {reasons} reasons, or for more, each by a limit that the validation
pictures set.{unsure}
*Not like the training pictures*: its distance to the fifth nearest of them, as the network sees them and in their
colours, is larger than that of 95% of the validation pictures ([Sun 2022](https://arxiv.org/abs/2204.06507)).
*Too blurred, dark or bright*: far outside what the validation pictures have (Tukey's fence).
{curve}A model can also be wrong where {where}: what is answered is not always right.
"""
UNSURE = "\n*Unsure*: more than one answer must be given to hold as often as promised (conformal prediction)."
CURVE = """The curve lets the model answer only its surest pictures, from few to all; pictures that are bad or strange
come last ([El-Yaniv & Wiener 2010](https://jmlr.org/papers/v11/el-yaniv10a.html)).
"""
HOW = REASONS.format(reasons="three", unsure=UNSURE, curve=CURVE, where="it is sure and the picture is ordinary")
NUMBERS_HOW = REASONS.format(reasons="two", unsure="", curve="", where="the picture is ordinary")


def abstaining(project: ProjectView, view: ResultsView) -> None:
    """The section."""
    numbers = view.task is Task.REGRESSION
    # A number is never unsure: how often its range must hold changes nothing here.
    coverage, by = promise_of(view.task) if numbers else choose_promise(view.task, grouped=view.grouped)
    found = graft().judging.abstaining(view.run_id, coverage, by)
    explained(found.basis.words, NUMBERS_HOW if numbers else HOW, quiet=True)
    st.markdown(_errors(found, view.unit) if numbers else _sentence(found))
    for note in found.notes:
        st.caption(f":material/info: {note}")
    if len(found.curve) > 1:
        st.caption(
            "The fewer pictures it answers, the surest ones first, the more of its answers are right, if its sureness "
            "can be believed; the band is the 95% interval."
        )
        here = None if found.right is None else (found.answered.value, found.right)
        st.plotly_chart(answered_figure(found.curve, here), config={"displayModeBar": False}, key="answered")
    _reasons(project, view, found)


def _errors(found: Abstaining, unit: str) -> str:
    if found.error is None or found.all_error is None:
        return "It would answer **none** of the test pictures."
    there = _off(found.error, found.error_between, unit)
    everywhere = _off(found.all_error, found.all_error_between, unit)
    return (
        f"Of 100 pictures it answers **{100 * found.answered.value:.0f}** ({_hundred(found.answered)}), and is off by "
        f"{there} on average there; were it to answer all, by {everywhere}."
    )


def _off(error: float, between: Interval | None, unit: str) -> str:
    if between is None:
        return f"{error:.3g}{f' {md(unit)}' if unit else ''} (too few pictures to tell how sure that is)"
    return f"{ERROR.shown(between)} ({md(ERROR.range(between, unit))})"


def _sentence(found: Abstaining) -> str:
    if found.right is None or found.all_right is None:
        return "It would answer **none** of the test pictures: too often more than one answer is possible."
    return (
        f"Of 100 pictures it answers **{100 * found.answered.value:.0f}** ({_hundred(found.answered)}), and is right "
        f"in **{found.right.value:.0%}** of them ({between(found.right.low, found.right.high)}); were it to answer "
        f"all, in {found.all_right.value:.0%} ({between(found.all_right.low, found.all_right.high)})."
    )


def _hundred(share: Interval) -> str:
    return f"{100 * share.low:.0f} to {100 * share.high:.0f}"


def _reasons(project: ProjectView, view: ResultsView, found: Abstaining) -> None:
    if not found.reasons:
        st.success("It answers every test picture.", icon=":material/check:")
        return
    rows = [
        {
            "Why it does not answer": line.words,
            "Pictures": len(line.images),
            "Of 100": f"{100 * line.share.value:.0f} ({_hundred(line.share)})",
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
    why = {"Why it does not answer": st.column_config.Column(pinned=True)}
    st.dataframe(rows, hide_index=True, width="stretch", column_config=why)
    if sum(len(line.images) for line in found.reasons) > round(found.count * (1 - found.answered.value)):
        st.caption("A picture that has several of these reasons counts for each.")
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
        st.markdown(f"## :small[{md(line.words).capitalize()} · {count(len(pictures), 'picture')}]")
        behind(project, view.run_id, pictures, key=f"why-{view.run_id}-{chosen}", truth=True)
