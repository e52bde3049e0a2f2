"""The robustness card of a run: started here, followed here, drawn here."""

import streamlit as st

from app.context import graft
from app.parts.following import follow
from app.parts.more import explained
from app.parts.text import count, md
from core.charts.robustness import MOST, RobustnessLine, robustness_figure, too_high
from core.services.robustness import FEWEST, MIDDLE, RobustnessView
from core.types import RunId
from core.words import as_sure, with_interval

HOW = """
**How.** The test pictures, as the network sees them, are shifted by one to five pixels
([Azulay & Weiss 2019](https://arxiv.org/abs/1805.12177)), cut a little, turned, blurred, made noisy, compressed,
brightened, darkened and made coarser, at five strengths each
([Hendrycks & Dietterich 2019](https://arxiv.org/abs/1903.12261)). The line is the share of right answers (of numbers
the typical error), the band its 95% interval; at most 400 pictures, the same ones each time.
"""


HARMLESS = "Of the middle strengths none makes these pictures harder for it."


def robustness(model: RunId, unit: str = "") -> None:
    """The section; `unit` is that of a number."""
    last = graft().robustness.latest(model)
    if follow(last):
        return
    view = graft().robustness.view(last) if last else None
    if view is None:
        st.markdown(
            "Does the answer stay the same when the picture is a pixel further left, a little darker, or blurred? "
            "The test tries it on the test pictures; it takes about as long as predicting 45 times as many."
        )
        if st.button("Test the robustness", icon=":material/science:", type="primary"):
            graft().robustness.start(model)
            st.rerun()
        return
    _show(view, unit)


def _show(view: RobustnessView, unit: str) -> None:
    explained(verdict(view, unit), HOW)
    chart = robustness_figure(view.lines, unit if view.numbers else None)
    st.plotly_chart(chart, config={"displayModeBar": False}, key="robustness")
    if view.numbers and too_high(view.lines):
        st.caption(
            f"A line that leaves its square above goes on to errors more than {MOST} times as large as that of the "
            "pictures as they are."
        )
    what = "How far the number moves on average:" if view.numbers else "Share of changed answers:"
    st.caption(f"Strength 0 is the picture as it is. {count(view.pictures, 'test picture')}. {what}")
    named = {"What is done": st.column_config.Column(pinned=True)}
    st.dataframe([row(view, line) for line in view.lines], hide_index=True, width="stretch", column_config=named)
    if view.moved:
        farthest = max(view.moved, key=lambda title: view.moved[title][3])
        st.caption(
            f"In grades: at the middle strength “{farthest.lower()}” moves answers farthest, by "
            f"{view.moved[farthest][3]:.2f} grades on average."
        )


def verdict(view: RobustnessView, unit: str) -> str:
    """What a shift of a pixel does, and what hurts most, in sentences."""
    if view.pictures < FEWEST:
        return (
            f"Not enough test pictures for a verdict: at least {FEWEST}, and there are {view.pictures}. What was tried "
            "is drawn below, with how little it tells."
        )
    line = view.weakest
    moved, sure = _changed(view.flips, view.flips_between, numbers=view.numbers)
    hurts = f"What hurts most of the middle strengths is “{line.title.lower()}” ({line.words[MIDDLE]}):"
    worse = line.right[MIDDLE] > line.right[0] if view.numbers else line.right[MIDDLE] < line.right[0]
    if view.numbers:
        of = f" {md(unit)}" if unit else ""
        unsure = "" if line.high else " How sure these figures are cannot be told from so few cases or groups."
        first = f"A shift by a single pixel moves the number by **{moved}**{sure}{of} on average."
        if not worse:
            return f"{first} {HARMLESS}{unsure}"
        return f"{first} {hurts} a typical error of {_error(line, MIDDLE)} instead of {_error(line, 0)}.{unsure}"
    first = f"A shift by a single pixel changes **{moved}**{sure} of the answers."
    if not worse:
        return f"{first} {HARMLESS}"
    return f"{first} {hurts} {_right(line, MIDDLE)} right instead of {_right(line, 0)}."


def _error(line: RobustnessLine, step: int) -> str:
    if not line.high:
        return f"{line.right[step]:.3g}"
    return with_interval(line.right[step], line.low[step], line.high[step])


def _right(line: RobustnessLine, step: int) -> str:
    return f"{line.right[step]:.0f}% ({line.low[step]:.0f}% to {line.high[step]:.0f}%)"


def _changed(value: float, ends: tuple[float, float] | None, *, numbers: bool) -> tuple[str, str]:
    """How much is changed, and its interval behind it; "" where that is not known."""
    if ends is None:
        return (f"{value:.3g}" if numbers else f"{value:.0%}"), ""
    shown, low, high = as_sure(value, *ends) if numbers else (f"{item:.0%}" for item in (value, *ends))
    return shown, f" ({low} to {high})"


def row(view: RobustnessView, line: RobustnessLine) -> dict[str, str]:
    """How many answers one kind of change changes, by its strength, each with its interval where it is known."""

    def cell(strength: int) -> str:
        value, ends = view.changed[line.title][strength], view.changed_ends[line.title][strength]
        return "".join(_changed(value, ends, numbers=view.numbers))

    return {
        "What is done": line.title,
        **{str(strength): cell(strength) for strength in range(1, 6)},
        "Strengths 1 to 5": f"{line.words[1]} to {line.words[5]}",
    }
