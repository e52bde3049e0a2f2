"""Sections with figures, from what `graft results --json` gives."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import cast

from core.evaluation import FIGURES, Interval
from core.exchange.html import paragraph, sentences, table
from core.exchange.report.facts import ReportFacts
from core.types import JsonObject, JsonValue


def headlines(results: JsonObject, unit: str, names: Sequence[str]) -> str:
    """The first of these figures that the test split has, each with its interval and what it means."""
    values, ends = part(results, "metrics"), part(results, "intervals")
    told: list[str] = []
    for name in names:
        found = interval(values.get(name), ends.get(name))
        if found is not None and len(told) < 3:
            figure = FIGURES[name]
            told.append(
                f"{figure.title} {figure.shown(found, unit)} (95 % interval {figure.range(found, unit)}). "
                f"{figure.sentence(found, unit)}"
            )
    return sentences(told) or paragraph("There were too few test pictures to say how good it is.")


def scores(facts: ReportFacts) -> str:
    """Every figure of the test split with its interval and what it means."""
    values = part(facts.results, "metrics")
    rows = _rows(facts.results, facts.unit)
    if not rows:
        return paragraph("There are no test predictions to score.")
    count, units = values.get("count"), values.get("units")
    apart = (
        "" if count == units else f" They come from {units} {facts.together}, which the intervals count as one each."
    )
    words = f"Measured once, on {count} test pictures used neither to learn from nor to choose by.{apart}"
    how = "".join(f"<dt>{escape(FIGURES[name].title)}</dt><dd>{escape(FIGURES[name].how)}</dd>" for name in rows)
    return (
        paragraph(words)
        + table(["score", "value", "95 % interval", "what it means"], list(rows.values()))
        + f"<details><summary>How each is computed</summary><dl>{how}</dl></details>"
    )


def _rows(results: JsonObject, unit: str) -> dict[str, list[str]]:
    values, ends = part(results, "metrics"), part(results, "intervals")
    rows = {}
    for name, figure in FIGURES.items():
        if name not in values:
            continue
        found = interval(values[name], ends.get(name))
        if found is None:
            rows[name] = [figure.title, "–", "", f"Not enough to tell: it needs {figure.least}."]
        else:
            sentence = figure.sentence(found, unit)
            rows[name] = [figure.title, figure.shown(found, unit), figure.range(found, unit), sentence]
    return rows


def external(facts: ReportFacts) -> str:
    """The same figures on pictures from elsewhere, project by project."""
    shown = []
    for test in facts.external:
        rows = list(_rows(test.results, facts.unit).values())
        count = part(test.results, "metrics").get("count")
        note = f" {test.note}." if test.note else ""
        words = f"{test.name}: {count} pictures of another project, of which nothing was learnt.{note}"
        shown.append(paragraph(words) + table(["score", "value", "95 % interval", "what it means"], rows))
    return "".join(shown)


def classes(facts: ReportFacts) -> str:
    """One line per class."""
    found = _object(facts.results["per_class"]).get("test")
    if not isinstance(found, list) or not found:
        return ""
    names = {
        "recall": "recall (sensitivity)", "precision": "precision", "specificity": "specificity", "f1": "F1",
        "auroc": "AUROC", "average_precision": "AUPRC",
    }  # fmt: skip
    rows = []
    for item in map(_object, found):
        ends = _object(item["intervals"])
        rows.append([str(item["name"]), str(item["support"]), *(_shown(item[name], ends[name]) for name in names)])
    note = (
        "Recall: of all there are, the share found. Precision: when it says so, how often it is. Under each figure its "
        "95 % interval."
    )
    return paragraph(note) + table(["class", "pictures", *names.values()], rows, small=True)


def confusion(facts: ReportFacts) -> str:
    """The matrix, where there is one."""
    found = _object(facts.results["confusion"])
    if not found:
        return ""
    labels = [str(name) for name in cast(list[JsonValue], found["labels"])]
    matrix = cast(list[list[JsonValue]], found["matrix"])
    rows = [[name, *(str(value) for value in row)] for name, row in zip(labels, matrix, strict=True)]
    note = paragraph("Rows are the truth, columns what the model said; test pictures.")
    return note + table(["", *labels], rows, small=len(labels) > 10)


def reliability(facts: ReportFacts) -> str:
    """How sure against how right, drawn."""
    found = _object(facts.results["reliability"]).get("test")
    if not isinstance(found, list) or not found:
        return ""
    marks = []
    for item in map(_object, found):
        low, high = (200 - 190 * _number(end) for end in cast(list[JsonValue], item["interval"]))
        x, y = 40 + 300 * _number(item["confidence"]), 200 - 190 * _number(item["right"])
        marks.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="#2f7d55"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#2f7d55"/>'
        )
    axes = (
        '<path d="M40 10V200H340" fill="none" stroke="#5b6861"/>'
        '<path d="M40 200L340 10" stroke="#999" stroke-dasharray="3"/>'
        '<text x="40" y="216">0 %</text><text x="340" y="216" text-anchor="end">100 %</text>'
        '<text x="150" y="216">how sure it was</text>'
        '<text x="4" y="200">0 %</text><text x="0" y="16">100 %</text>'
    )
    words = "On the dashed line it is as often right as it says; below it, it is too sure. Bars: 95 % intervals."
    name = 'role="img" aria-label="How sure against how right"'
    return paragraph(words) + f'<svg class=drawing viewBox="0 0 350 222" {name}>{axes}{"".join(marks)}</svg>'


def part(results: JsonObject, name: str) -> Mapping[str, JsonValue]:
    """What `results` has under a name for the test split."""
    return _object(_object(results[name]).get("test"))


def interval(value: JsonValue, ends: JsonValue) -> Interval | None:
    """A figure with its interval, or None where there was too little to tell."""
    if not isinstance(value, int | float) or not isinstance(ends, list):
        return None
    low, high = map(_number, ends)
    return Interval(float(value), low, high)


def _shown(value: JsonValue, ends: JsonValue) -> str:
    found = interval(value, ends)
    return "–" if found is None else f"{found.value:.2f}\n{found.low:.2f} to {found.high:.2f}"


def _number(value: JsonValue) -> float:
    return float(cast(float, value))


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}
