"""A decision where the model will be used: what is found, missed, and a false alarm, by the expert's own costs."""

import streamlit as st

from app.context import graft
from app.links import int_param, set_params
from app.parts.behind import behind
from app.parts.more import explained, large
from app.parts.text import count, md
from core.charts import benefit_figure
from core.services.projects import ProjectView
from core.services.results import Interval, ResultsView
from core.services.results_judging import Decided, Decision, Use, cheapest, choices
from core.types import Split
from core.words import between

HOW = """
**How.** Where a miss is as bad as *n* false alarms, acting is worth it from a chance of 1 / (1 + n)
([Elkan 2001](https://dl.acm.org/doi/10.5555/1642194.1642224)). Learning that lets rare classes count more makes them
too probable: so the model's probabilities are first made to fit, on average, how common the class is among the
validation pictures ([Steyerberg 2004](https://doi.org/10.1002/sim.1844)), then moved to how common it is where you use
it ([Saerens 2002](https://doi.org/10.1162/089976602753284446)). No test picture chose this threshold, so they can
judge it: what they say of those with and without the class is carried over to 1,000 of yours. Found, missed and false
alarms have Wilson's intervals; the others come from 1,000 reweightings of the cases, groups or pictures, as sure as the
rarer side allows.
**Decision curve** ([Vickers & Elkin 2006](https://doi.org/10.1177/0272989X06295361)): net benefit is what is found,
less the false alarms at the price at which you would act; acting on none has 0. Where the model's line is the highest,
it is worth using. All of it holds only if the class looks there as it does here.
"""


def decision(project: ProjectView, view: ResultsView) -> None:
    """The section."""
    names = choices(view.task, view.classes)
    explained("Three questions only you can answer; then, what acting by this model would come to.", HOW, quiet=True)
    if not names:
        st.info("There is only one class: nothing to decide.", icon=":material/info:")
        return
    choice, use, noun = _ask(view, names)
    found = graft().judging.decision(view.run_id, choice, use)
    if found.decided is None:
        st.info(md(found.problem), icon=":material/hourglass_empty:")
        return
    _outcome(found, found.decided, noun)
    _curve(found, noun)
    _pictures(project, view, found)


def _ask(view: ResultsView, names: tuple[str, ...]) -> tuple[int, Use, str]:
    first = int_param("about")
    if first is None or first >= len(names):
        first = graft().judging.usual_choice(view.run_id)
    with st.container(border=True):
        left, right = st.columns(2)
        choice = left.selectbox("A decision about", range(len(names)), index=first, format_func=names.__getitem__)
        noun = right.text_input("What you count", value=st.query_params.get("noun", "pictures"), max_chars=30).strip()
        usual = graft().judging.commonness(view.run_id, choice)
        miss = left.number_input(
            "Missing one is as bad as how many false alarms?",
            min_value=0.1,
            max_value=1000.0,
            value=_number("miss", 5.0),
            step=1.0,
            format="%g",
        )
        common = right.number_input(
            f"Of 1,000 {md(noun or 'pictures')} where you will use it, how many have it?",
            min_value=1,
            max_value=999,
            value=int(_number(f"common-{choice}", min(max(round(1000 * usual), 1), 999))),
            help=f"Among the labelled pictures it is {1000 * usual:.0f} of 1,000; in the field it is often far less.",
            key=f"common-{view.run_id}-{choice}",
        )
    set_params(**{"about": choice, "miss": f"{miss:g}", f"common-{choice}": common, "noun": noun or None})
    return choice, Use(prevalence=common / 1000, miss=miss), noun or "pictures"


def _number(name: str, usual: float) -> float:
    try:
        value = float(st.query_params.get(name, ""))
    except ValueError:
        return usual
    return value if 0.1 <= value <= 1000 else usual


def _outcome(found: Decision, decided: Decided, noun: str) -> None:
    what, use = md(found.what), found.use
    st.markdown(
        f"## Of 1,000 {md(noun)}: {decided.found.value:.0f} found, {decided.missed.value:.0f} missed, "
        f"{decided.false_alarms.value:.0f} false alarms"
    )
    counts = [
        ("Found", *_whole(decided.found), f"of the {1000 * use.prevalence:.0f} that have it"),
        ("Missed", *_whole(decided.missed), "have it, and it does not say so"),
        ("False alarms", *_whole(decided.false_alarms), "do not have it, and it says so"),
    ]
    never, always = "It never says so.", "It says so of every picture."
    values = [
        ("When it says so", *_share(decided.ppv, never), "have it (positive predictive value)"),
        ("When it does not", *_share(decided.npv, always), "do not have it (negative predictive value)"),
    ]
    for row in (counts, values):
        for column, (title, value, ends, words) in zip(st.columns(len(counts), gap="small"), row, strict=False):
            with column.container(border=True, gap="xxsmall", height="stretch"):
                st.markdown(f"**{title}**")
                large(value)
                st.caption(ends)
                st.caption(words)
    low, high = decided.cost.low, decided.cost.high
    best = cheapest(decided.cost.value, use.cost_of_all, use.cost_of_none)
    st.markdown(
        f"It says {what} from a probability of **{decided.threshold:.0%}** on. Counted in false alarms, its mistakes "
        f"among 1,000 cost **{decided.cost.value:,.0f}** ({low:,.0f} to {high:,.0f}); acting on all costs "
        f"{use.cost_of_all:,.0f}, on none {use.cost_of_none:,.0f}. By your costs, **{best}** is the cheapest"
        + (", though the interval leaves it open." if low < min(use.cost_of_all, use.cost_of_none) < high else ".")
    )
    st.caption(
        f"From {count(decided.count, 'test picture')}, {decided.support:,} of them {what}: it finds "
        f"{_words(decided.sensitivity)} of those and leaves {_words(decided.specificity)} of the others alone."
    )


def _whole(found: Interval) -> tuple[str, str]:
    return f"{found.value:.0f}", f"{found.low:.0f} to {found.high:.0f} (95% interval)"


def _share(found: Interval | None, otherwise: str) -> tuple[str, str]:
    if found is None:
        return "–", otherwise
    return f"{found.value:.0%}", f"{found.low:.0%} to {found.high:.0%} (95% interval)"


def _words(found: Interval) -> str:
    return f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


def _curve(found: Decision, noun: str) -> None:
    st.markdown("### Is it worth using?")
    useful = found.useful
    if useful is None:
        st.caption(
            "At no chance is acting by the model better than acting on all or on none, as far as these pictures tell."
        )
    else:
        st.caption(
            f"Acting by the model is better than acting on all or on none for whoever acts from a chance of about "
            f"{between(*useful)}{found.gaps}, as far as these pictures tell. You act from "
            f"{found.use.act_from:.0%}: the upright line."
        )
    figure = benefit_figure(found.curve, found.use.act_from, "by the model", f"on all {noun}", "on none")
    st.plotly_chart(figure, config={"displayModeBar": False}, key="benefit")


def _pictures(project: ProjectView, view: ResultsView, found: Decision) -> None:
    kinds = {"Missed": found.missed, "False alarms": found.alarms, "Found": found.found}
    chosen = st.segmented_control(
        "Show the test pictures", list(kinds), format_func=lambda name: f"{name} ({len(kinds[name])})"
    )
    if chosen is not None:
        pictures = graft().judging.behind(view.run_id, kinds[chosen], Split.TEST)
        behind(project, view.run_id, pictures, key=f"decided-{view.run_id}-{chosen}", truth=True)
