"""The section that holds a training against another one on the same pictures."""

from core.evaluation import FIGURES, Difference
from core.exchange.html import paragraph, sentences, table
from core.exchange.report.facts import ReportFacts
from core.exchange.report.settings import shown
from core.exchange.report.values import Entries, counted, lines, number, triple

MEANING = (
    "Both are scored on the same pictures, so that what is easy or hard for both cancels out (paired Bayesian "
    "bootstrap, Rubin 1981; for accuracy McNemar's exact test, 1947, where each picture counts for itself). Where the "
    "interval holds 0, or for accuracy the test does not tell them apart, chance alone could make the difference. "
    "Choosing the best of many trainings by their test pictures makes it look better than it is: judge the chosen one "
    "on new pictures."
)


def comparison(facts: ReportFacts) -> str:
    """Which of the two is better, as far as the test pictures tell."""
    found = facts.comparison
    if not found:
        return ""
    first, second = f"Run {number(found['first']):.0f}", f"Run {number(found['second']):.0f}"
    together = str(found["together"])
    units = "" if together == "pictures" else f" from {counted(found['units'], together.removesuffix('s'))}"
    words = f"{second}, which this report is about, against {first} ({found['why']})"
    pictures = counted(found["count"], f"{found['split']} picture")
    told = [_told(line, first, second) for line in lines(found["differences"])]
    few = f"Not enough to tell them apart: it takes at least {number(found['least']):.0f} {together}."
    rows = [
        [FIGURES[str(line["figure"])].title, _shown(line, "first", facts.unit), _shown(line, "second", facts.unit)]
        for line in lines(found["scores"])
    ]
    return (
        paragraph(f"{words}, on the same {pictures}{units}.")
        + (sentences(told) or paragraph(few))
        + table(["score", first, second], rows)
        + (paragraph(MEANING) if told else "")
        + _recipe(found, first, second)
    )


def _told(line: Entries, first: str, second: str) -> str:
    difference, p_value = triple(line["difference"]), line["p_value"]
    assert difference is not None  # one without is not kept
    tested = None if p_value is None else number(p_value)
    apart = None if line["apart"] is None else round(number(line["apart"]))
    found = Difference(figure=str(line["figure"]), difference=difference, p_value=tested, apart=apart)
    test = "" if tested is None else f" McNemar's test: p = {tested:.2g}."
    return f"{FIGURES[found.figure].title}: {found.words(first, second)}{test}"


def _shown(line: Entries, which: str, unit: str) -> str:
    found, figure = triple(line[which]), FIGURES[str(line["figure"])]
    return "–" if found is None else f"{figure.shown(found, unit)}\n{figure.range(found)}"


def _recipe(found: Entries, first: str, second: str) -> str:
    rows = [
        [name := str(line["field"]), shown(name, line["first"]), shown(name, line["second"])]
        for line in lines(found["recipe"])
    ]
    if not rows:
        return paragraph("Both learnt by the same recipe.")
    return paragraph("What differs in their recipes:") + table(["setting", first, second], rows, small=True, words=True)
