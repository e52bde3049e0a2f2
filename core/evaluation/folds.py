"""What the folds of a cross-validation say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from core.types import JsonValue
from core.words import count, listed, plain_number

FOLDS_HOW = (
    "Each fold, or random split, learns from most of the pictures and is judged on the rest, unseen; what chooses its "
    "best epoch is apart from both. Spread is the standard deviation of their scores. The folds share most of what "
    "they learn from, so that the plain interval of their mean would be too narrow: this one is corrected for that "
    "(Nadeau & Bengio 2003, https://doi.org/10.1023/A:1024068626366). The test pictures take no part; all folds "
    "together, as one model that averages their answers, look at them once."
)
"""What stands behind the scores of folds."""
WHOLE_GROUPS = (
    "Whole groups (fields, clinics, cameras) were left out: each is judged by what had learnt from other groups only, "
    "and the intervals of what was said out of fold count groups. The test pictures were kept aside by case, and may "
    "come from groups that the model knows."
)


@dataclass(frozen=True, slots=True)
class FoldSummary:
    """Mean and spread (standard deviation) of the folds' scores; `low` and `high` enclose the mean with 95%.

    The ends are None for fewer than two scores, and where all are the same, which says nothing of how others would be.
    """

    mean: float
    spread: float
    low: float | None
    high: float | None


def summarise_folds(scores: Sequence[float], folds: int, lowest: float = -np.inf) -> FoldSummary:
    """The scores of one or more repeats of `folds` folds, none of which can be below `lowest` or above 1.

    The folds learn from overlapping pictures, so that their plain t interval is too narrow: the variance of the mean
    is (1 / n + 1 / (folds - 1)) times that of the scores, section 3 of Nadeau & Bengio 2003
    (https://doi.org/10.1023/A:1024068626366), for repeats as in Bouckaert & Frank 2004.
    """
    values = np.asarray(scores, dtype=float)
    mean = float(values.mean())
    if len(values) < 2:
        return FoldSummary(mean, 0.0, None, None)
    spread = float(values.std(ddof=1))
    if np.ptp(values) == 0:
        return FoldSummary(mean, 0.0, None, None)
    half = float(scipy.stats.t.ppf(0.975, len(values) - 1)) * spread * (1 / len(values) + 1 / (folds - 1)) ** 0.5
    return FoldSummary(mean, spread, max(lowest, mean - half), min(1.0, mean + half))


def fold_names(folds: int, repeats: int, judged: int, *, shuffle: bool) -> list[str]:
    """What the first `judged` parts are called: with several rounds, also which round each is of."""
    if shuffle:
        return [f"Split {number + 1}" for number in range(judged)]
    if repeats == 1:
        return [f"Fold {number + 1}" for number in range(judged)]
    return [f"Round {number // folds + 1}, fold {number % folds + 1}" for number in range(judged)]


def fold_notes(notes: Sequence[Sequence[str]], folds: int, repeats: int, *, shuffle: bool) -> list[str]:
    """What there was to say of each fold's training: the same of several once, with which they are."""
    said: dict[str, list[str]] = {}
    for name, own in zip(fold_names(folds, repeats, len(notes), shuffle=shuffle), notes, strict=True):
        for note in own:
            said.setdefault(note, []).append(name)
    every = "Every random split" if shuffle else "Every fold"
    return [f"{every if len(names) == len(notes) > 1 else listed(names)}: {note}" for note, names in said.items()]


def mean_words(told: Mapping[str, JsonValue]) -> str:
    """The mean of the folds' scores with its interval, from the `folds` that `graft results --json` gives."""
    ends, mean = told.get("interval"), plain_number(float(str(told["mean"])), 2)
    if not isinstance(ends, list):
        return f"{mean} (no interval: all scores are the same)"
    low, high = (plain_number(float(str(end)), 2) for end in ends)
    return f"{mean} (95% interval {low} to {high})"


def folds_sentence(told: Mapping[str, JsonValue]) -> str:
    """Mean, spread and interval in a sentence; `told` as for `mean_words`."""
    spread = plain_number(float(str(told["spread"])), 2)
    number = count(len(_scores(told)), _kind(told))
    return f"Mean {mean_words(told)}, spread {spread} over {number}."


def folds_words(told: Mapping[str, JsonValue]) -> str:
    """How many folds or random splits there were, and in which rounds; `told` as for `mean_words`."""
    rounds = "" if told["repeats"] == 1 else f" ({told['repeats']} rounds of {told['count']})"
    return f"{count(len(_scores(told)), _kind(told))}{rounds}"


def turns_words(told: Mapping[str, JsonValue]) -> str:
    """What the folds learnt from, as a sentence; `told` as for `mean_words`."""
    return f"In the {folds_words(told)} of the cross-validation all but the test pictures took turns."


def fold_lines(told: Mapping[str, JsonValue], score_name: str) -> list[str]:
    """The score of each fold, a line for each round, then what they say together; `told` as for `mean_words`."""
    scores = _scores(told)
    each = len(scores) if told.get("shuffle") else int(str(told["count"]))
    rounds = [
        ", ".join(plain_number(score, 3) for score in scores[at : at + each]) for at in range(0, len(scores), each)
    ]
    head = f"{fold_heading(told, score_name)}:"
    if len(rounds) == 1:
        return [f"{head} {rounds[0]}", folds_sentence(told)]
    return [head, *(f"Round {number}: {line}" for number, line in enumerate(rounds, 1)), folds_sentence(told)]


def fold_heading(told: Mapping[str, JsonValue], score_name: str) -> str:
    """Which scores they are, as half a sentence; `told` as for `mean_words`, or the payload of a run under way."""
    unseen = "groups" if _by_group(told) else "pictures"
    return f"{score_name} of each {_kind(told)}, on the {unseen} that it had not seen"


def folds_how(told: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """What stands behind the scores, by paragraphs; `told` as for `mean_words`."""
    return (FOLDS_HOW, WHOLE_GROUPS) if _by_group(told) else (FOLDS_HOW,)


def _kind(told: Mapping[str, JsonValue]) -> str:
    return "random split" if told.get("shuffle") else "fold"


def _by_group(told: Mapping[str, JsonValue]) -> bool:
    return told.get("keep_together") == "group"


def _scores(told: Mapping[str, JsonValue]) -> list[float]:
    found = told["scores"]
    return [float(str(score)) for score in found] if isinstance(found, list) else []
