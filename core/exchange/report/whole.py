"""The whole file: parts and sections under the headings of a style, the checklist, and a table of contents.

A section is one function of the facts, listed in `SECTIONS`; a new one needs its line there and in the styles.
"""

from collections.abc import Callable

from core.exchange.html import empty, link, page, paragraph, part, section, table_of
from core.exchange.report import against, data, decision, further, looks, origin, scores, trust
from core.exchange.report.facts import ReportFacts
from core.exchange.report.missing import how_to
from core.exchange.report.styles import STYLES, Style

SECTIONS: dict[str, Callable[[ReportFacts], str]] = {
    "summary": origin.summary,
    "purpose": data.purpose,
    "data": data.source,
    "labels": data.labels,
    "agreement": data.agreement,
    "split": data.split,
    "counts": data.counts,
    "model": origin.model,
    "methods": origin.methods,
    "scores": scores.scores,
    "folds": scores.folds,
    "classes": scores.classes,
    "confusion": scores.confusion,
    "reliability": scores.reliability,
    "promise": trust.promise,
    "decision": decision.decision,
    "abstaining": trust.abstaining,
    "weak_spots": trust.weak_spots,
    "comparison": against.comparison,
    "external": scores.external,
    "failures": looks.failures,
    "heatmaps": looks.heatmaps,
    "resembling": looks.resembling,
    "map": looks.picture_map,
    "grades": further.grades,
    "changes": further.changes,
    "robustness": further.robustness,
    "forecast": further.forecast,
    "checks": data.checks,
    "limits": origin.limits,
    "lineage": origin.lineage,
    "recipe": origin.recipe,
    "provenance": origin.provenance,
}
"""Key -> what stands under the heading, or "" where there is nothing to tell."""


def report_html(facts: ReportFacts, style: str) -> str:
    """The whole file. Raises KeyError for an unknown style."""
    shape = STYLES[style]
    answered = {key: body for key, build in SECTIONS.items() if (body := build(facts))}
    missing = {key: empty(words) for key in SECTIONS if key not in answered and (words := how_to(key, facts))}
    bodies = answered | missing
    parts = [
        part(title, "".join(section(key, heading, bodies[key]) for key, heading in sections.items() if key in bodies))
        for title, sections in shape.parts.items()
    ]
    return page(
        f"{facts.project}: {facts.title}",
        shape.subtitle,
        [_contents(shape, bodies), *parts, _authors(shape), _checklist(shape, answered)],
    )


def _headings(shape: Style) -> dict[str, str]:
    return {key: heading for sections in shape.parts.values() for key, heading in sections.items()}


def _contents(shape: Style, bodies: dict[str, str]) -> str:
    lines = []
    for title, sections in shape.parts.items():
        links = [link(key, heading) for key, heading in sections.items() if key in bodies]
        if links:
            lines.append([title, ", ".join(links)])
    return f"<nav>{table_of(lines)}</nav>"


def _authors(shape: Style) -> str:
    inner = "".join(section("", heading, empty("To be written by the authors.")) for heading in shape.authors)
    return part("What only the authors know", inner)


def _checklist(shape: Style, bodies: dict[str, str]) -> str:
    """Each item with a link to where it is answered, or who can answer it."""
    headings = _headings(shape)
    rows = []
    for item in shape.checklist:
        answers = [link(key, headings[key]) for key in item.sections if key in bodies]
        missing = "<em>not answered yet</em>" if item.sections else "<em>the authors</em>"
        # No line ends inside a range of items.
        rows.append([item.number.replace("–", "\u2060–\u2060"), item.words, ", ".join(answers) or missing])
    note = paragraph("An item with a link is told of there; whether that is enough, its readers judge.")
    checklist = note + table_of(rows, header=("item", "asks for", "answered in"))
    return part(shape.checklist_title, checklist, new_page=True)
