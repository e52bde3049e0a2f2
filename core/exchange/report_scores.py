"""The figures of a report, from what `graft results --json` gives."""

from collections.abc import Mapping
from typing import cast

from core.evaluation import FIGURES, Interval
from core.exchange.html import paragraph, section, table
from core.types import JsonObject, JsonValue


def scores(results: JsonObject, unit: str) -> str:
    """Every figure of the test split with its interval and what it means."""
    values, ends = part(results, "metrics"), part(results, "intervals")
    rows = []
    for name, figure in FIGURES.items():
        if name not in values:
            continue
        found = interval(values[name], ends.get(name))
        if found is None:
            rows.append([figure.title, "–", "", f"Not enough to tell: it needs {figure.least}."])
        else:
            sentence = figure.sentence(found, unit)
            rows.append([figure.title, figure.shown(found, unit), figure.range(found, unit), sentence])
    if not rows:
        return section("How good it is", paragraph("There are no test predictions to score."))
    count, units = values.get("count"), values.get("units")
    apart = "" if count == units else f" They come from {units} cases or groups, which the intervals count as one each."
    words = f"Measured once, on {count} test pictures used neither to learn from nor to choose by.{apart}"
    return section(
        "How good it is", paragraph(words), table(["score", "value", "95 % interval", "what it means"], rows)
    )


def classes(results: JsonObject) -> str:
    """One line per class."""
    found = _object(results["per_class"]).get("test")
    if not isinstance(found, list) or not found:
        return ""
    names = ("recall", "precision", "specificity", "f1", "auroc")
    rows = []
    for item in map(_object, found):
        ends = _object(item["intervals"])
        rows.append([str(item["name"]), str(item["support"]), *(_shown(item[name], ends[name]) for name in names)])
    return section("Class by class", table(["class", "pictures", *names], rows))


def confusion(results: JsonObject) -> str:
    """The matrix, where there is one."""
    found = _object(results["confusion"])
    if not found:
        return ""
    labels = [str(name) for name in cast(list[JsonValue], found["labels"])]
    matrix = cast(list[list[JsonValue]], found["matrix"])
    rows = [[name, *(str(value) for value in row)] for name, row in zip(labels, matrix, strict=True)]
    note = paragraph("Rows are the truth, columns what the model said; test pictures.")
    return section("Confusion matrix", note, table(["", *labels], rows))


def reliability(results: JsonObject) -> str:
    """How sure against how right, drawn."""
    found = _object(results["reliability"]).get("test")
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
        '<text x="40" y="216">0 %</text><text x="318" y="216">100 %</text><text x="150" y="216">how sure it was</text>'
        '<text x="4" y="200">0 %</text><text x="0" y="16">100 %</text>'
    )
    words = "On the dashed line it is as often right as it says; below it, it is too sure. Bars: 95 % intervals."
    drawing = (
        f'<svg viewBox="0 0 350 222" role="img" aria-label="How sure against how right">{axes}{"".join(marks)}</svg>'
    )
    return section("How sure it is", paragraph(words), drawing)


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
    return "–" if found is None else f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _number(value: JsonValue) -> float:
    return float(cast(float, value))


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}
