"""Which finished training a page is about, and on which of its pictures."""

import contextlib
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Literal

import streamlit as st

from app.context import graft
from app.links import int_param, set_params
from app.parts.text import count
from core.errors import NotFound
from core.services.results import FEWEST, ResultsView, RunChoice
from core.services.training import RunRecord
from core.types import RunId, RunKind, Split
from core.words import listed

SPLITS = {
    Split.TEST: ("Test", "kept aside until the end: the figure to report"),
    Split.VALIDATION: ("Validation", "the pictures by which the best moment of the training was chosen"),
    Split.TRAIN: ("Training", "the pictures it learnt from, so this says what it remembers, not how good it is"),
}
"""Split -> its name and what it is, in an expert's words."""
FOLDED = {
    Split.VALIDATION: ("Out of fold", "each picture as it was judged by a fold that had not learnt from it"),
    Split.TEST: ("Test", "kept aside from all folds, and judged once by all of them together"),
}
"""The same for a cross-validation."""


def run_name(run: RunChoice) -> str:
    """A run in one line: what it is called everywhere, its dataset version and when it ended."""
    ended = "" if run.ended is None else f" · {run.ended.astimezone():%d %b %Y, %H:%M}"
    return f"{run.title} · version {run.version}{ended}"


def choose_run(runs: Sequence[RunChoice], *, label: str = "Run", default: RunChoice | None = None) -> RunChoice:
    """The finished training in the address or chosen here; if there is none, `default` or the newest."""
    known = {run.id: run for run in runs}
    chosen = _asked(known, (default or runs[0]).id)
    set_params(run=chosen)
    run = st.selectbox(
        label, list(known), index=list(known).index(chosen), format_func=lambda item: run_name(known[item])
    )
    if run != chosen:
        set_params(run=run, cell=None)
    return known[run]


def choose_listed(label: str, runs: Sequence[RunRecord], words: Callable[[RunRecord], str]) -> RunId:
    """The run, finished or not, in the address or chosen here, else the first; a list only where there are several."""
    known = {run.id: run for run in runs}
    shown = _asked(known, runs[0].id)
    if len(known) > 1:
        shown = st.selectbox(label, list(known), list(known).index(shown), format_func=lambda run: words(known[run]))
    set_params(run=shown)
    return shown


def choose_model(runs: Sequence[RunRecord], *, width: int | Literal["stretch"] = "stretch") -> RunId:
    """The model in the address or chosen here, else the first."""
    known = {run.id: run for run in runs}
    chosen = _asked(known, runs[0].id)
    shown: RunId = st.selectbox(
        "Model",
        list(known),
        index=list(known).index(chosen),
        format_func=lambda run: known[run].title,
        width=width,
    )
    set_params(run=shown)
    return shown


def _asked(known: Container[RunId], usual: RunId) -> RunId:
    """The run in the address, or the usual one; of one that cannot be shown it says that another is seen."""
    wanted = int_param("run")
    if wanted is None or wanted in known:
        return usual if wanted is None else RunId(wanted)
    why = "cannot be shown here"
    with contextlib.suppress(NotFound):
        run = graft().training.read(RunId(wanted))
        if run.kind is RunKind.TRAIN and not run.state.ended:
            why = "is not done yet: page Train shows how far it is"
    st.info(f"Run {wanted} {why}. This is run {usual}.", icon=":material/info:")
    return usual


def choose_base(runs: Sequence[RunChoice]) -> RunChoice:
    """A run to hold others against; unless chosen, one that has others of its dataset version."""
    versions = Counter(run.version for run in runs)
    return choose_run(runs, label="This run", default=next((run for run in runs if versions[run.version] > 1), None))


def choose_others(runs: Sequence[RunChoice], base: RunChoice) -> list[RunChoice]:
    """Others of its dataset version to hold against it; they stand in the address (`?run=3&with=4,5`)."""
    peers = {run.id: run for run in runs if run.version == base.version and run.id != base.id}
    texts = st.query_params.get("with", "").split(",")
    wanted = [run for run in peers if str(run) in texts] or list(peers)[:1]
    chosen = st.multiselect(
        "Against", list(peers), default=wanted, format_func=lambda item: peers[item].title, key=f"against-{base.id}"
    )
    set_params(**{"with": ",".join(map(str, chosen)) or None})
    return [peers[run] for run in chosen]


def compared_splits(runs: Sequence[RunChoice]) -> Mapping[Split, tuple[str, str]]:
    """On which pictures runs can be compared: none of a cross-validation is judged on what it learnt from."""
    folded = [run.folds > 0 for run in runs]
    if not any(folded):
        return SPLITS
    return {Split.TEST: SPLITS[Split.TEST], Split.VALIDATION: (FOLDED if all(folded) else SPLITS)[Split.VALIDATION]}


def unfair(runs: Sequence[RunChoice], split: Split) -> str:
    """What a comparison on validation pictures flatters, where some runs were chosen by them and some are judged out
    of fold; else ""."""
    folded, chosen = ([f"run {run.id}" for run in runs if (run.folds > 0) is kind] for kind in (True, False))
    if split is not Split.VALIDATION or not folded or not chosen:
        return ""
    are, them = "is" if len(folded) == 1 else "are", "it" if len(chosen) == 1 else "them"
    return (
        f"Here {' and '.join(folded)} {are} judged by folds that did not know these pictures, while they chose the "
        f"best moment of {' and '.join(chosen)}, which flatters {them}."
    )


def choose_split(words: Mapping[Split, tuple[str, str]] = SPLITS) -> Split:
    """The split in the address or chosen here, of those with `words`; the first, if there is none."""
    usual, wanted = next(iter(words)), st.query_params.get("split", "")
    default = Split(wanted) if wanted in set(words) else usual
    chosen = st.segmented_control(
        "On which pictures", list(words), default=default, format_func=lambda item: words[item][0], required=True,
        key=f"split-{'-'.join(words)}", wrap=True,
    )  # fmt: skip
    set_params(split=None if chosen is usual else chosen.value)
    return chosen


def read_results(run: RunChoice, split: Split) -> ResultsView:
    """The run's scores, computed once per process."""
    return _read(str(graft().settings.home), run.id, split, str(run.ended))


def read_external(test: RunId, ended: str) -> ResultsView:
    """Scores of an external test, computed once per process."""
    return _read(str(graft().settings.home), test, Split.TEST, ended)


@st.cache_resource(max_entries=64, show_spinner="Computing the scores and how sure they are…")
def _read(home: str, run_id: RunId, split: Split, ended: str) -> ResultsView:
    return graft().results.read(run_id, split)


def provenance(view: ResultsView, words: Mapping[Split, tuple[str, str]] = SPLITS) -> str:
    """Where a number comes from: run, version, split and how many pictures."""
    folded = view.split is Split.VALIDATION and words is FOLDED
    pictures = f"{view.scores.count:,} {'' if folded else words[view.split][0].lower() + ' '}pictures"
    named = f"Run {view.run_id} · dataset version {view.version} · {pictures}"
    return (
        named
        if view.together == "pictures"
        else f"{named} from {count(view.scores.units, view.together.removesuffix('s'))}"
    )


def untested(supports: Mapping[str, int], *, several: bool = False) -> str:
    """Of which classes there are no pictures, by how many there are of each; "" where there are of all.

    `several`: a picture can have more classes than one, or none.
    """
    missing = [name for name, pictures in supports.items() if pictures == 0]
    if not missing:
        return ""
    words = f"No picture here is of {listed(missing)}: no figure says how well that is found."
    tested = [name for name in supports if name not in missing]
    if len(tested) == 1 and not several:
        words += f" A model that calls everything {tested[0]} would be right in all of these pictures, too."
    return words


def how_few(view: ResultsView) -> str:
    """What so few pictures, cases or groups cannot tell; "" where there are enough of them."""
    there = view.scores.units
    if there >= FEWEST:
        return ""
    what = count(there, view.together.removesuffix("s"))
    if view.together == "pictures":
        return f"Only {what}: read the intervals, not the figures. At least {FEWEST} are needed for most of them."
    return (
        f"All these pictures are of {what}. How it does on others can hardly be told from so few, which is why the "
        f"intervals are wide: at least {FEWEST} are needed for most figures."
    )
