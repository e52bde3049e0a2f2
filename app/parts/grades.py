"""How far each way to explain a model can be trusted: started here, followed here, shown here."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.parts.following import follow
from app.parts.more import explained
from app.parts.text import count
from core.services.grades import GradesView, MethodGrade
from core.types import ProjectId, RunId
from core.words import plain_number

WANTED_CIRCLED = 20
HOW = """
**Does it matter?** The hottest places are taken out of the picture bit by bit (deletion), and put into a blurred copy
(insertion). If they are what the model looks at, its sureness falls fast and rises fast. The figure is the area between
both curves, in points above that of maps made by chance, with its 95% interval
([Petsiuk et al. 2018](https://arxiv.org/abs/1806.07421)). A method fails when it cannot be told from chance.

**Does it need the model?** The same pictures are explained after all weights were drawn anew. A method whose maps stay
alike (rank correlation above 0.5) draws the picture's edges and not the model
([Adebayo et al. 2018](https://arxiv.org/abs/1810.03292)), and fails.

**Does it point at it?** The share of pictures whose hottest place lies in what you circled, against what chance would
hit ([Zhang et al. 2016](https://arxiv.org/abs/1608.00507)). If *all* methods miss, doubt the model, not the methods. A
method fails when it is below chance.

The best method that passes and takes less than a second explains your pictures unless you choose another. Thresholds
are Graft's own. Up to 24 validation pictures, so that the test pictures choose nothing.
"""


def grades(project: ProjectId, model: RunId) -> None:
    """The section."""
    last = graft().grades.latest(model)
    if follow(last):
        return
    view = graft().grades.newest(model)
    circled = graft().circles.count(project)
    if view is None:
        st.markdown(
            "Heatmaps of different methods differ, and some look convincing without saying anything about the model. "
            "The test finds out which can be trusted for this model: it takes hot places away, makes the network "
            "forget what it learnt, and compares with what you circled."
        )
    else:
        _show(view)
    _circling(circled, view)
    words = "Test the methods" if view is None else "Test again"
    if st.button(words, icon=":material/science:", type="primary" if view is None else "secondary"):
        graft().grades.start(model)
        st.rerun()


def _circling(circled: int, view: GradesView | None) -> None:
    if circled < WANTED_CIRCLED:
        st.info(
            f"{count(circled, 'picture is', 'pictures are')} circled; about {WANTED_CIRCLED} tell whether a method "
            "points at the right thing. In **One picture**, press **Circle it** and draw around what tells it.",
            icon=":material/gesture:",
        )
    elif view is not None and view.circled < min(circled, WANTED_CIRCLED):
        st.info("Pictures were circled since: test again.", icon=":material/gesture:")


def _show(view: GradesView) -> None:
    explained(_words(view), HOW)
    # A table, because on a narrow screen its words wrap.
    st.table([_row(item) for item in view.methods], hide_index=True)
    for reason, titles in failed_by(view.methods).items():
        each = "Each of " if len(titles) > 1 else ""
        st.caption(f":material/warning: {each}**{', '.join(titles)}**: {reason}.")
    pointed = f", {count(view.circled, 'circled picture')}" if view.circled else ""
    st.caption(f"Measured on {count(view.pictures, f'{view.split} picture')}{pointed}. {view.basis}")


def _words(view: GradesView) -> str:
    chosen = next((item for item in view.methods if item.info.name == view.best), None)
    failed = sum(item.grade.passes is False for item in view.methods)
    if chosen is None and any(item.grade.passes is None for item in view.methods):
        return "There are too few pictures to say: it takes at least 10 plants, patients or single pictures."
    if chosen is None:
        return "No method passes on this model: do not rely on its heatmaps."
    words = f"**{chosen.info.title}** can be trusted most here and is now the one you see first."
    if chosen is not view.methods[0]:
        quick = f"of those that take less than a second {words[:1].lower()}{words[1:]}"
        words = f"**{view.methods[0].info.title}** scores best but is slow; {quick}"
    return f"{words} {count(failed, 'method fails', 'methods fail')}." if failed else words


def failed_by(methods: Sequence[MethodGrade]) -> dict[str, list[str]]:
    """Why methods fail, each reason with the titles of those it speaks against."""
    found: dict[str, list[str]] = {}
    for item in methods:
        for reason in item.grade.reasons:
            found.setdefault(reason, []).append(item.info.title)
    return found


def _row(item: MethodGrade) -> dict[str, str]:
    grade = item.grade
    gain = grade.gain
    return {
        "Method": item.info.title,
        "": {True: "✓ passes", False: "✗ fails", None: "? cannot be told"}[grade.passes],
        "Matters, points above chance": "–"
        if gain is None
        else f"{points(gain.value)} ({points(gain.low)} to {points(gain.high)})",
        "Alike without learning": "–" if grade.alike is None else plain_number(grade.alike, 2),
        "Points at the circle": "–"
        if grade.pointing is None
        else f"{grade.pointing.value:.0%} (chance {grade.chance:.0%})",
        "Seconds a picture": f"{item.seconds:.2g}",
    }


def points(value: float) -> str:
    """Points with their sign; none has none."""
    return plain_number(100 * value, sign=True)
