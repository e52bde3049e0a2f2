"""What to label next: what more pictures of each class should bring. Started here, followed here, drawn here."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.parts.columns import name_column
from app.parts.following import follow
from app.parts.text import count, md
from core.charts.learning_curve import learning_curve_figure
from core.charts.words import short
from core.services.forecasts import Expectation, ForecastView
from core.services.results import Interval
from core.types import RunId
from core.words import listed, too_far

NEW = {"pictures": "", "cases": " from new cases", "groups": " from new groups"}
HOW = """
**How.** A linear head on features of {features}, which know none of your labels, learns from a tenth to all of a
class's pictures while the other classes stay whole, and is asked about {kept} it has not learnt from (five folds,
twice; the test pictures are not touched). Errors fall as a power of the number of pictures, a·n^(−b) + c
([Hestness et al. 2017](https://arxiv.org/abs/1712.00409), [Mahmood et al. 2022](https://arxiv.org/abs/2207.01725));
the curve goes on to three times as many as there are. The band is the 95% interval (Bayesian bootstrap, Rubin 1981).
It cannot know what nobody has seen: pictures of a new kind may bring more, more of the same less
([Viering & Loog 2021](https://arxiv.org/abs/2103.10948)). A network that is trained as a whole starts higher and may
gain more: read which class gains, not how high it gets.
"""


def forecast(model: RunId) -> None:
    """The section."""
    last = graft().forecasts.latest(model)
    if follow(last):
        return
    view = graft().forecasts.view(last) if last else None
    if view is not None:
        _show(view)
        return
    st.markdown(
        "Of which class are more pictures worth the walk? The forecast learns again and again from fewer pictures than "
        "there are, and carries on the curve. It takes about as long as reading the pictures once, and a few minutes "
        "more with many classes."
    )
    if st.button("Make the forecast", icon=":material/trending_up:", type="primary"):
        graft().forecasts.start(model)
        st.rerun()


def _show(view: ForecastView) -> None:
    if not view.curves:
        _too_few(view)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        more = st.number_input("More pictures of a class", 5, view.most, min(50, view.most), step=5, width=220)
        with st.popover("More", type="tertiary"):
            st.markdown(HOW.format(features=md(view.features), kept=view.together))
    found = view.expectations(int(more))
    if view.poor:
        st.info(
            "The simple head that this rests on tells these classes poorly. Take the forecast as a direction at most.",
            icon=":material/info:",
        )
    for item in [item for item in found if item.clear][:3]:
        st.markdown(f"- {_sentence(item, int(more), NEW[view.together])}")
    if not any(item.clear for item in found):
        st.markdown(f"Of no class can it be told that {count(int(more), 'more picture')} would help.")
    if found:
        named = {"Class": name_column(item.name for item in found)}
        st.dataframe([_row(item) for item in found], hide_index=True, width="stretch", column_config=named)
    if far := view.too_far(int(more)):
        st.caption(too_far(_names(far), int(more)))
    if view.few:
        least, units = view.least
        kept = "" if view.together == "pictures" else f" from {units} {view.together}"
        st.caption(f"Not enough pictures of {_names(view.few)}: at least {least}{kept} are needed.")
    if view.left_out:
        st.caption(f"Only the {len(view.curves)} rarest classes were tried; not {_names(view.left_out)}.")
    st.plotly_chart(learning_curve_figure(view.curves), config={"displayModeBar": False}, key="forecast")
    st.caption("Dots: what was tried, with its interval. Dotted: the forecast, in the band where it lies with 95%.")
    _trial(view)


def _too_few(view: ForecastView) -> None:
    (pictures, units), (there, there_units) = view.least, view.largest
    kept = "" if view.together == "pictures" else f" from {units} {view.together}"
    held = "" if view.together == "pictures" else f" from {there_units}"
    st.info(
        f"Not enough pictures for a forecast: at least {pictures} of a class{kept} are needed, and a second class. "
        f"The class with the most has {there}{held}. Label more, and train again.",
        icon=":material/hourglass_empty:",
    )


def _sentence(item: Expectation, more: int, new: str) -> str:
    return (
        f"{count(more, 'more picture')} of **{md(item.name)}**{new} should lift what is found of it "
        f"from {item.now.value:.0%} to {_percent(item.then)}."
    )


def _row(item: Expectation) -> dict[str, str | int]:
    return {
        "Class": item.name,
        "Pictures now": item.pictures,
        "Found now (recall)": _percent(item.now),
        "Found then": _percent(item.then),
        "Rise, points": f"{100 * item.gain.value:.0f} ({100 * item.gain.low:.0f} to {100 * item.gain.high:.0f})"
        if item.clear
        else "none that can be told",
    }


def _trial(view: ForecastView) -> None:
    tried = [(item.name, *item.curve.tested) for item in view.curves if item.curve.tested]
    if tried:
        inside = sum(said.low <= came <= said.high for _, said, came in tried)
        examples = "; ".join(f"{md(name)}: {_percent(said)}, came {came:.0%}" for name, said, came in tried[:3])
        st.caption(
            f"Put to the test: from half of the pictures, the forecast for all of them held in {inside} of "
            f"{count(len(tried), 'class', 'classes')} ({examples})."
        )


def _percent(item: Interval) -> str:
    return f"{item.value:.0%} ({100 * item.low:.0f} to {100 * item.high:.0f})"


def _names(names: Sequence[str]) -> str:
    shown = short(names)
    return listed([md(shown[name]) for name in names])
