"""Sections on how far single answers can be relied on, from what `graft results --json` gives."""

from collections.abc import Sequence

from core.evaluation.conformal import LISTED
from core.exchange.html import paragraph, sentences, table
from core.exchange.report.drawing import Line, chart
from core.exchange.report.facts import ReportFacts
from core.exchange.report.values import (
    Entries,
    basis,
    ends,
    entries,
    interval,
    lines,
    number,
    percent,
    sized,
    texts,
    three,
)
from core.types import JsonValue
from core.words import count

MOST = 12
"""Groups of pictures that are shown."""
UNSURE_HOW = "Unsure: more than one answer must be given to hold as often as promised (conformal prediction)."
REASONS_HOW = (
    "Not like the training pictures: farther from the fifth nearest of them than 95% of the validation pictures (Sun "
    "et al. 2022, arXiv 2204.06507). Too blurred, dark or bright: far outside what the validation "
    "pictures have (Tukey's fence)."
)
PROMISED = {
    "single": "Answers can be given as sets of classes that hold the truth in {share} of new {new}",
    "multi": "Of each class it can be said that it is there, that it is not, or that it cannot be told, so that the "
    "truth is not ruled out in {share} of the answers about new {new}",
    "regression": "Answers can be given as ranges of numbers that hold the truth in {share} of new {new}",
}
VERDICTS = {"kept": "kept", "open": "cannot be told from so few", "broken": "NOT kept"}


def promise(facts: ReportFacts) -> str:
    """Answers widened so that they hold as often as promised, and whether they did."""
    found = entries(entries(facts.results.get("calibration")).get("conformal"))
    if not found:
        return ""
    share = f"{number(found['coverage']):.0%}"
    out_of_fold = basis(found).out_of_fold
    if not found["possible"]:
        where = "out of fold" if out_of_fold else "in the validation set"
        return paragraph(
            f"A promise that the truth is among the answers in {share} takes at least {found['needed']} "
            f"{found['promised_to']} {where}; there were {found['fitted_on']}."
        )
    task = str(facts.results["task"])
    several = task == "multi"
    fitted = (
        f"{found['fitted_on']} {found['promised_to']} out of fold, by the answers of single folds"
        if out_of_fold
        else f"{found['fitted_on']} validation {found['promised_to']}"
    )
    of_classes = "" if task == "regression" else "The promise is to all together: single classes may lie below. "
    words = (
        f"{PROMISED.get(task, PROMISED['single']).format(share=share, new=found['promised_to'])} (split conformal "
        f"prediction, Vovk et al. 2005, Sadinle et al. 2019; fitted on {fitted}). "
        f"{of_classes}On the test pictures:"
    )
    checked = lines(found["checked"])
    shown = [line for line in checked if line["of"] != "group" or number(line["count"]) >= LISTED]
    rows = [
        [
            {"all": "All", "class": str(line["name"]), "group": f"Group {line['name']}"}[str(line["of"])],
            str(line["count"]),
            f"{number(line['covered']):.0%}",
            ends(line["interval"]),
            _size(number(line["size"]), task),
            VERDICTS.get(str(line["verdict"]), ""),
        ]
        for line in shown
    ]
    few = len(checked) - len(shown)
    note = f"{count(few, 'group')} of fewer than {LISTED} test pictures left out." if few else ""
    size = {"regression": "width", "multi": "left open"}.get(task, "answers, mean")
    what = ["answers about", "answers"] if several else ["pictures of", "count"]
    header = [*what, "truth held", "95% interval", size, "promise"]
    return paragraph(words) + table(header, rows) + (paragraph(note) if note else "")


def _size(mean: float, task: str) -> str:
    """How much an answer leaves open: a width, classes, or the share of answers that are neither yes nor no."""
    return {"regression": three(mean), "multi": f"{mean - 1:.0%}"}.get(task, f"{mean:.2f}")


def abstaining(facts: ReportFacts) -> str:
    """When it should not answer, and what that gains."""
    found = entries(facts.results.get("abstaining"))
    if not found:
        return ""
    share = f"{number(found['answered']):.0%} of the test pictures ({ends(found['answered_interval'])})"
    answered = f"It answers {share}"
    if found["right"] is not None:
        right = f"{number(found['right']):.0%} of those ({ends(found['right_interval'])})"
        everywhere = f"{number(found['right_of_all']):.0%} ({ends(found['right_of_all_interval'])})"
        answered += f" and is right in {right}; were it to answer all, in {everywhere}"
    if found["error"] is not None:
        answered += f" and is off by {_off(found, 'error')} on average there; were it to answer all, by "
        answered += _off(found, "error_of_all")
    rows = [
        [
            str(line["words"]),
            str(line["count"]),
            f"{number(line['share']):.0%}",
            ends(line["interval"]),
            "–" if line["right"] is None else f"{number(line['right']):.0%} ({ends(line['right_interval'])})",
        ]
        for line in lines(found["reasons"])
    ]
    header = ["why it does not answer", "pictures", "share", "95% interval", "it would be right in"]
    numbers = facts.results["task"] == "regression"
    if numbers:  # they are never simply right or wrong
        header, rows = header[:-1], [row[:-1] for row in rows]
    return (
        paragraph(f"{answered}.")
        + paragraph(basis(found).words)
        + (table(header, rows) if rows else "")
        + paragraph(REASONS_HOW if numbers else f"{UNSURE_HOW} {REASONS_HOW}")
        + sentences(texts(found["notes"]))
        + _curve(lines(found["curve"]))
    )


def _off(found: Entries, name: str) -> str:
    """A mean distance from the truth, with its interval where there are pictures enough for one."""
    between = interval(found[name], found[f"{name}_interval"])
    unsure = "" if between else " (too few pictures to tell how sure that is)"
    return f"{sized(between, number(found[name]))}{unsure}"


def _curve(points: Sequence[Entries]) -> str:
    """Accuracy against the share answered."""
    found = [(100 * number(point["share"]), interval(point["right"], point["interval"])) for point in points]
    known = [(at, item) for at, item in found if item is not None]
    if len(known) < 2:
        return ""
    at = [one for one, _ in known]
    drawn = chart(
        [
            Line(
                "right",
                at,
                [100 * item.value for _, item in known],
                band=([100 * item.low for _, item in known], [100 * item.high for _, item in known]),
            )
        ],
        x=(0, 100), y=(0, 100), across="share answered, the most certain first, %", up="right, %",
        label="Share right against share answered",
    )  # fmt: skip
    return (
        paragraph(
            "The fewer pictures it answers, the more of its answers should be right (El-Yaniv & Wiener 2010); band: "
            "95% interval."
        )
        + drawn
    )


def weak_spots(facts: ReportFacts) -> str:
    """Groups of pictures where it is worse."""
    found = lines(facts.results.get("slices"))
    if not found:
        return ""
    clear = sum(bool(line["clear"]) for line in found)
    are = f"{clear} {'is' if clear == 1 else 'are'}" if clear else "none is"
    words = (
        f"Of {count(len(found), 'group')} of at least 10 test pictures (by table column, group, brightness, sharpness, "
        f"size), {are} clearly worse than the rest, after correction for how many were looked at "
        "(Fisher's exact test, or Welch's for numbers; Benjamini & Hochberg 1995 at 5%). The worst first; under "
        "each figure its 95% interval."
    )
    shares = facts.results["task"] != "regression"
    rows = [
        [
            f"{line['attribute']}: {line['value']}",
            str(line["count"]),
            _value(line["inside"], line["inside_interval"], shares),
            _value(line["outside"], line["outside_interval"], shares),
            "yes" if line["clear"] else "no",
        ]
        for line in found[:MOST]
    ]
    rest = f" {len(found) - MOST} more are in `graft results --json`." if len(found) > MOST else ""
    what = "right there" if shares else "mean error there"
    return paragraph(words + rest) + table(["group", "pictures", what, "elsewhere", "clearly worse"], rows)


def _value(value: JsonValue, both: JsonValue, shares: bool) -> str:
    found = interval(value, both)
    return percent(found) if found is None or shares else sized(found, found.value, cell=True)
