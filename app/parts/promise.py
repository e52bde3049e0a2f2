"""What a model can promise: answers widened to sets, or ranges, so that the truth is among them as often as wanted."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.links import set_params
from app.parts.columns import name_column
from app.parts.more import heading
from app.parts.text import count, md
from core.services.results_judging import LISTED, By, Promise, PromiseLine
from core.types import RunId, Task
from core.words import are

STEPS = (80, 85, 90, 95, 99)
TO: dict[By, str] = {"all": "all pictures together", "class": "each class", "group": "each group"}
VERDICTS = {
    "kept": ":material/check_circle: kept",
    "open": ":material/help: cannot be told from so few",
    "broken": ":material/warning: not kept",
}
SETS = """
**How.** On the validation pictures Graft looks how low the probability of the true answer falls, and takes the limit
below which only the promised share is left out (split conformal prediction,
[Vovk 2005](https://doi.org/10.1007/b106715); sets as small as possible,
[Sadinle 2019](https://doi.org/10.1080/01621459.2017.1395341)). An answer that is likely enough stays in the set; what
the model says always does. A promise to each class or group gives every one a limit of its own (Mondrian). """
RANGES = """
**How.** On the validation pictures Graft looks how far off the model's number is, and takes the distance within
which the promised share lies (split conformal prediction, [Vovk 2005](https://doi.org/10.1007/b106715)). Every range
reaches as far to both sides. """
CHECKED = """Cases count as one
each, or groups where folds left out whole groups ([Lee 2023](https://arxiv.org/abs/2306.06342)). The promise holds for
new pictures that come from where these come from, on average over many; the test pictures, which had no part in it,
check it. It is called kept where they hold the truth as often as promised, and by the interval leave it out at most
twice as often: that takes 16 of them for 90%, and 35 for 95%. Validation also chose the best moment of the training,
which can make the promise a little too good: look at the check.
"""
HOW, NUMBERS_HOW = SETS + CHECKED, RANGES + CHECKED


def promise_of(task: Task, *, grouped: bool = False) -> tuple[float, By]:
    """How often an answer must hold, and for whom, as the address says it."""
    percent, to = st.query_params.get("promise", ""), st.query_params.get("to", "")
    usual: By = "all"
    by = next((item for item in _to(task, grouped) if item == to), usual)
    return (int(percent) if percent in map(str, STEPS) else 90) / 100, by


def _to(task: Task, grouped: bool) -> list[By]:
    if task is Task.REGRESSION:
        return ["all"]
    return ["all", "class", "group"] if grouped else ["all", "class"]


def choose_promise(task: Task, *, grouped: bool = False) -> tuple[float, By]:
    """How often an answer must hold, and for whom; both stand in the address."""
    coverage, to = promise_of(task, grouped=grouped)
    options = _to(task, grouped)
    left, right = st.columns([3, 2])
    numbers = task is Task.REGRESSION
    with left:
        percent = st.select_slider(
            "How often must the true number lie in the range?"
            if numbers
            else "How often must the true answer be among those given?",
            STEPS,
            value=round(100 * coverage),
            format_func=lambda item: f"{item}%",
        )
    if numbers:
        by = to
    else:
        by = right.selectbox(
            "Promised to",
            options,
            index=options.index(to),
            format_func=lambda item: TO[item],
            help="To all together, a rare class may be covered less often and a common one more. To each class, every "
            "class is covered as often as promised, with larger sets.",
        )
    set_params(promise=None if percent == 90 else percent, to=None if by == "all" else by)
    return percent / 100, by


def promised(run: RunId, task: Task, *, grouped: bool, unit: str = "") -> None:
    """The section's part: what is promised, and whether the test pictures say it was kept; `unit` of a number."""
    numbers = task is Task.REGRESSION
    heading("Ranges that hold" if numbers else "Answers that hold", NUMBERS_HOW if numbers else HOW)
    coverage, by = choose_promise(task, grouped=grouped)
    promise, lines = graft().judging.promise(run, coverage, by)
    if not promise.possible:
        st.info(promise.caution, icon=":material/hourglass_empty:")
        return
    st.markdown(_sentence(promise, lines[0], unit))
    st.caption(graft().judging.basis(run).words)
    if promise.caution:
        st.caption(promise.caution)
    if promise.untold:
        names = ", ".join(md(name) for name in promise.untold)
        st.caption(
            f"Too few validation pictures for a promise of their own, so they are never ruled out: {names}. "
            f"It takes at least {promise.needed} {promise.basis} of each."
        )
    _table(promise, lines)


def _sentence(promise: Promise, whole: PromiseLine, unit: str) -> str:
    kept, share = whole.kept, f"{promise.coverage:.0%}"
    if promise.task is Task.REGRESSION:
        what = f"Every number is given as a range of ± {promise.reach:.3g}{f' {md(unit)}' if unit else ''}."
    elif promise.task is Task.MULTI:
        what = "For each class, the answer is yes, no, or cannot tell; a yes or no stands alone in "
        what += f"{0 if kept.single is None else kept.single.value:.0%} of these answers."
    else:
        single = "" if kept.single is None else f", and {kept.single.value:.0%} of the pictures get just one"
        what = f"On average {kept.size:.1f} of {len(promise.classes)} classes stay possible{single}."
    what_of = "yes-or-no answer" if promise.task is Task.MULTI else "test picture"
    verdict = kept.verdict(promise.coverage, promise.count)
    fewest = _fewest(promise, whole) if verdict == "open" else ""
    held = "the true number lay in its range" if promise.task is Task.REGRESSION else "the truth was among them"
    check = (
        f"Promised {share}; of {count(kept.count, what_of)} {held} in "
        f"**{kept.covered.value:.0%}** ({kept.covered.low:.0%} to {kept.covered.high:.0%}): "
        f"{VERDICTS[verdict]}{fewest}."
    )
    return f"{what} {check}"


def _fewest(promise: Promise, whole: PromiseLine) -> str:
    """How many it takes to tell, where there are fewer."""
    needed, there = promise.fewest_to_tell, whole.kept.units
    return f": it takes at least {needed} {whole.together} in the test split, {are(there)}" if there < needed else ""


def _table(promise: Promise, lines: Sequence[PromiseLine]) -> None:
    if len(lines) == 1:
        return
    listed = [line for line in lines if line.kind != "group" or line.kept.count >= LISTED]
    size = {Task.MULTI: "Answers left open", Task.REGRESSION: "Width"}.get(promise.task, "Possible classes, mean")
    rows = [
        {
            "Pictures of": {"all": "All", "class": line.name, "group": f"Group {line.name}"}[line.kind],
            "Answers" if promise.task is Task.MULTI else "Test pictures": line.kept.count,
            "Truth among them": f"{line.kept.covered.value:.0%}",
            "95% interval": f"{line.kept.covered.low:.0%} to {line.kept.covered.high:.0%}",
            size: f"{line.kept.size - 1:.0%}" if promise.task is Task.MULTI else f"{line.kept.size:.3g}",
        }
        for line in listed
    ]
    named = {"Pictures of": name_column(line.name for line in listed)}
    st.dataframe(rows, hide_index=True, width="stretch", column_config=named)
    if len(listed) < len(lines):
        st.caption(f"{count(len(lines) - len(listed), 'group')} of fewer than {LISTED} test pictures left out.")
    if promise.by == "all" and promise.task is not Task.REGRESSION:
        st.caption("Promised to all pictures together: single classes may lie below. “Each class” promises it to each.")
