"""Sections on how far single answers can be relied on, from what `graft results --json` gives."""

from collections.abc import Mapping, Sequence
from typing import cast

from core.exchange.html import paragraph, sentences, table
from core.exchange.report.facts import ReportFacts
from core.types import JsonValue

VERDICTS = {"kept": "kept", "open": "cannot be told from so few", "broken": "NOT kept"}


def promise(facts: ReportFacts) -> str:
    """Answers widened so that they hold as often as promised, and whether they did."""
    found = _object(_object(facts.results.get("calibration")).get("conformal"))
    if not found:
        return ""
    share = f"{_number(found['coverage']):.0%}"
    if not found["possible"]:
        return paragraph(
            f"A promise that the truth is among the answers in {share} takes at least {found['needed']} "
            f"{found['promised_to']} in the validation set; there were {found['fitted_on']}."
        )
    numbers = facts.results["task"] == "regression"
    kind = "ranges of numbers" if numbers else "sets of classes"
    words = (
        f"Answers can be given as {kind} that hold the truth in {share} of new {found['promised_to']} (split conformal "
        f"prediction, fitted on {found['fitted_on']} validation {found['promised_to']}). "
        "The promise is to all together: single classes may lie below. On the test pictures:"
    )
    rows = [
        [
            {"all": "All", "class": str(line["name"]), "group": f"Group {line['name']}"}[str(line["of"])],
            str(line["count"]),
            f"{_number(line['covered']):.0%}",
            _percent(line["interval"]),
            f"{_number(line['size']):.3g}",
            VERDICTS.get(str(line["verdict"]), ""),
        ]
        for line in _lines(found["checked"])
    ]
    size = "width" if numbers else "answers, mean"
    return paragraph(words) + table(["pictures of", "count", "truth held", "95 % interval", size, "promise"], rows)


def abstaining(facts: ReportFacts) -> str:
    """When it should not answer, and what that gains."""
    found = _object(facts.results.get("abstaining"))
    if not found:
        return ""
    share = f"{_number(found['answered']):.0%} of the test pictures ({_percent(found['answered_interval'])})"
    answered = f"It answers {share}"
    if found["right"] is not None:
        right = f"{_number(found['right']):.0%} of those ({_percent(found['right_interval'])})"
        answered += f" and is right in {right}; were it to answer all, in {_number(found['right_of_all']):.0%}"
    rows = [
        [
            str(line["words"]),
            str(line["count"]),
            f"{_number(line['share']):.0%}",
            _percent(line["interval"]),
            "–" if line["right"] is None else f"{_number(line['right']):.0%}",
        ]
        for line in _lines(found["reasons"])
    ]
    header = ["why it does not answer", "pictures", "share", "95 % interval", "it would be right in"]
    return paragraph(f"{answered}.") + (table(header, rows) if rows else "") + sentences(_texts(found["notes"]))


def weak_spots(facts: ReportFacts) -> str:
    """Groups of pictures where it is worse."""
    found = _lines(facts.results.get("slices"))
    if not found:
        return ""
    clear = sum(bool(line["clear"]) for line in found)
    are = f"{clear} {'is' if clear == 1 else 'are'}"
    words = (
        f"Of {len(found)} groups of at least 10 test pictures (by table column, group, brightness, sharpness, size), "
        f"{are} clearly worse than the rest, after correction for how many were looked at "
        "(Fisher's exact test, or Welch's for numbers; Benjamini-Hochberg at 5 %). The worst:"
    )
    share = facts.results["task"] != "regression"
    rows = [
        [
            f"{line['attribute']}: {line['value']}",
            str(line["count"]),
            _value(line["inside"], line["inside_interval"], share),
            _value(line["outside"], line["outside_interval"], share),
            "yes" if line["clear"] else "no",
        ]
        for line in found[:8]
    ]
    what = "right there" if share else "mean error there"
    return paragraph(words) + table(["group", "pictures", what, "elsewhere", "clearly worse"], rows)


def _value(value: JsonValue, ends: JsonValue, share: bool) -> str:
    if share:
        return f"{_number(value):.0%} ({_percent(ends)})"
    low, high = (_number(end) for end in cast(list[JsonValue], ends))
    return f"{_number(value):.3g} ({low:.3g} to {high:.3g})"


def _percent(ends: JsonValue) -> str:
    if not isinstance(ends, list):
        return "–"
    return " to ".join(f"{_number(end):.0%}" for end in ends)


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _lines(value: JsonValue) -> Sequence[Mapping[str, JsonValue]]:
    return [_object(item) for item in value] if isinstance(value, list) else []


def _texts(value: JsonValue) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _number(value: JsonValue) -> float:
    return float(cast(float, value))
