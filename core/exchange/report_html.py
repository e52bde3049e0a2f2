"""A run's results as one HTML file that needs nothing else: to read, to print, to send."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import cast

from core.evaluation import FIGURES, Interval
from core.types import JsonObject, JsonValue

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b2420; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.2rem }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .3rem .8rem; border-bottom: 1px solid #dce4df }
th { text-align: left } td.n { text-align: right; font-variant-numeric: tabular-nums }
.note { background: #f3f6f4; padding: .6rem 1rem; border-left: 4px solid #2f7d55 } small { color: #5b6861 }
@media print { body { margin: 0 } h2 { break-after: avoid } tr { break-inside: avoid } }
"""
LIMITS = (
    "The scores hold for pictures like those it was tested on. Other cameras, places, seasons or patients can make "
    "the model much worse: test it there before relying on it. It supports judgement and does not replace it."
)


def report_html(project: str, results: JsonObject, recipe: JsonObject, *, synthetic: bool = False) -> str:
    """The report of `results` as `graft results --json` gives them."""
    run = results["run"]
    title = f"{project}: run {run}"
    warning = "<p class=note><strong>Synthetic pictures:</strong> nothing here holds for real ones.</p>"
    body = [
        f"<h1>{escape(title)}</h1>",
        warning if synthetic else "",
        _data(results),
        _scores(results),
        _classes(results),
        _confusion(results),
        f"<h2>Limits</h2><p>{escape(LIMITS)}</p>",
        "<h2>Recipe</h2>" + _table(["", ""], [[name, str(value)] for name, value in recipe.items()]),
    ]
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
    return head + "\n".join(part for part in body if part) + "</html>\n"


def _data(results: JsonObject) -> str:
    counts = _object(results["splits"])
    sizes = ", ".join(f"{number} {name}" for name, number in counts.items())
    return (
        f"<h2>Data</h2><p>Dataset version {results['dataset_version']} "
        f"<small>(content hash {escape(str(results['dataset_hash'])[:16])})</small>: {escape(sizes)} pictures. "
        f"Split rule: {escape(str(results['split_rule']))}.</p>"
    )


def _scores(results: JsonObject) -> str:
    values = _object(_object(results["metrics"]).get("test"))
    intervals = _object(_object(results["intervals"]).get("test"))
    rows = [
        [
            figure.title,
            *_shown(name, values.get(name), intervals.get(name)),
            figure.least if values[name] is None else "",
        ]
        for name, figure in FIGURES.items()
        if name in values
    ]
    if not rows:
        return "<h2>How good it is</h2><p>There are no test predictions to score.</p>"
    meaning = "<p>Measured once, on test pictures used neither to learn from nor to choose by.</p>"
    header = ["score", "value", "95 % interval", "needs"]
    return f"<h2>How good it is</h2>{meaning}{_table(header, rows)}"


def _shown(name: str, value: JsonValue, ends: JsonValue) -> list[str]:
    if not isinstance(value, int | float) or not isinstance(ends, list):
        return ["too few pictures", ""]
    low, high = (float(cast(float, end)) for end in ends)
    interval = Interval(float(value), low, high)
    return [FIGURES[name].shown(interval), FIGURES[name].range(interval)]


def _classes(results: JsonObject) -> str:
    found = _object(results["per_class"]).get("test")
    if not isinstance(found, list) or not found:
        return ""
    names = ("precision", "recall", "f1")
    rows = []
    for item in map(_object, found):
        ends = _object(item["intervals"])
        rows.append([str(item["name"]), str(item["support"]), *(_with_ends(item[name], ends[name]) for name in names)])
    return "<h2>Class by class</h2>" + _table(["class", "pictures", *names], rows)


def _with_ends(value: JsonValue, ends: JsonValue) -> str:
    if not isinstance(value, int | float) or not isinstance(ends, list):
        return "–"
    low, high = (float(cast(float, end)) for end in ends)
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _confusion(results: JsonObject) -> str:
    confusion = _object(results["confusion"])
    if not confusion:
        return ""
    labels = [str(name) for name in cast(list[JsonValue], confusion["labels"])]
    matrix = cast(list[list[JsonValue]], confusion["matrix"])
    rows = [[name, *(str(value) for value in row)] for name, row in zip(labels, matrix, strict=True)]
    note = "<p>Rows are the truth, columns what the model said; test pictures.</p>"
    return f"<h2>Confusion matrix</h2>{note}{_table(['', *labels], rows)}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = "".join(
        f"<tr><th>{escape(row[0])}</th>{''.join(f'<td class=n>{escape(cell)}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{lines}</table>"


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}
