"""The quantitative part of a model card: scores with intervals, and where and how far they hold."""

from core.evaluation import FIGURES, SCORE_NAMES, fold_lines, folds_how
from core.exchange.model_card.facts import ModelFacts
from core.exchange.model_card.markdown import plain, table
from core.exchange.report.values import (
    Entries,
    basis,
    ends,
    entries,
    interval,
    items,
    lines,
    number,
    share,
    sized,
    texts,
)
from core.types import JsonObject, JsonValue, Task
from core.words import count

MOST = 12
"""Decisions and groups of pictures that are listed."""


def analyses(facts: ModelFacts) -> str:
    parts = ["## Quantitative analyses", _scores(facts.results, facts.unit), *_folds(facts), *_per_class(facts)]
    parts += [*_calibration(facts), *_decision(facts), *_slices(facts), *_robustness(facts)]
    for name, found in facts.external:
        parts += [f"### Tested on {plain(name)}", _scores(found, facts.unit)]
    return "\n\n".join(parts)


def _scores(results: JsonObject, unit: str) -> str:
    values, both = (entries(entries(results[part]).get("test")) for part in ("metrics", "intervals"))
    known = {name: found for name in values if name in FIGURES and (found := interval(values[name], both.get(name)))}
    if not known:
        return "It was not scored: there were no test pictures, or too few."
    rows = [
        [FIGURES[name].title, FIGURES[name].shown(found, unit), FIGURES[name].range(found, unit)]
        for name, found in known.items()
    ]
    return table(["score", "value", "95% interval"], rows)


def _folds(facts: ModelFacts) -> list[str]:
    """How each fold of a cross-validation was judged, and what they say together, as Results and the report tell it."""
    told = entries(facts.results.get("folds"))
    if not told:
        return []
    found = "\n".join(f"- {line}" for line in fold_lines(told, SCORE_NAMES[facts.card.task]))
    return ["### Fold by fold", found, *folds_how(told)]


def _per_class(facts: ModelFacts) -> list[str]:
    found = lines(entries(facts.results["per_class"]).get("test"))
    if not found:
        return []
    names = {"recall": "recall", "precision": "precision", "specificity": "specificity", "auroc": "AUROC"}
    rows = [
        [
            plain(str(line["name"])),
            str(line["support"]),
            *(_value(line[name], entries(line["intervals"])[name]) for name in names),
        ]
        for line in found
    ]
    how = (
        "Recall: of all there are, the share found. Precision: when it says so, how often it is. Specificity: of all "
        "pictures without the class, the share of which it is not said. AUROC: of a picture with the class and one "
        "without, the chance that the first has the higher probability; it takes five of each. In brackets the 95% "
        "interval."
    )
    return ["### Class by class", how, table(["class", "pictures", *names.values()], rows)]


def _calibration(facts: ModelFacts) -> list[str]:
    found = entries(entries(facts.results["calibration"]).get("conformal"))
    abstaining = entries(facts.results.get("abstaining"))
    told = []
    checked = lines(found.get("checked"))
    if checked:
        share = f"{number(found['coverage']):.0%}"
        whole = checked[0]
        of = "the answers about test pictures, class by class" if facts.card.task is Task.MULTI else "the test pictures"
        told.append(
            f"Answers widened to hold the truth in {share} (conformal prediction) held it in "
            f"{number(whole['covered']):.0%} ({ends(whole['interval'])}) of {of}."
        )
    if abstaining:
        told.append(_answered(abstaining))
    return ["### How far single answers can be relied on", "\n".join(f"- {line}" for line in told)] if told else []


def _answered(abstaining: Entries) -> str:
    if not basis(abstaining).enough:
        return "Too few validation pictures to set a limit: in Graft, too, it answers every picture."
    share = number(abstaining["answered"])
    left = "leaves" if share == 1 else "leaves the others, which are"
    whose = "such as are doubtful, strange or badly taken" if share == 1 else "doubtful, strange or badly taken,"
    return (
        f"In Graft it answers {share:.0%} ({ends(abstaining['answered_interval'])}) of the test pictures and {left} "
        f"{whose} to a person. The exported file does not know this: it always answers."
    )


def _decision(facts: ModelFacts) -> list[str]:
    found = entries(facts.results.get("decision"))
    known = [line for line in lines(found.get("classes")) if line["threshold"] is not None]
    if not known:
        return []
    rows = [
        [
            plain(str(line["what"])),
            f"{1000 * number(line['prevalence']):.0f}",
            f"{number(line['threshold']):.0%}",
            *(_whole(line[name], 1) for name in ("found", "missed", "false_alarms")),
            *(_whole(line[name], 100, "%") for name in ("ppv", "npv")),
        ]
        for line in known[:MOST]
    ]
    words = (
        f"An example: of 1,000 pictures, were a miss as bad as {number(found['miss']):g} false alarms and each class "
        "as common as among the validation pictures. PPV: when it says so, the share that have it; NPV: when it does "
        "not, the share that have it not. In brackets the 95% interval."
    )
    header = ["decision about", "have it", "said from", "found", "missed", "false alarms", "PPV", "NPV"]
    return ["### A decision by it", words, table(header, rows)]


def _slices(facts: ModelFacts) -> list[str]:
    found = lines(facts.results.get("slices"))
    if not found:
        return []
    shares = facts.card.task is not Task.REGRESSION
    rows = [
        [
            plain(f"{line['attribute']}: {line['value']}"),
            str(line["count"]),
            _sliced(line, "inside", shares),
            _sliced(line, "outside", shares),
            "yes" if line["clear"] else "no",
        ]
        for line in found[:MOST]
    ]
    words = (
        "Groups of test pictures, the worst first, in brackets the 95% interval; what is clear is corrected for how "
        "many were looked at (Benjamini-Hochberg at 5%)."
    )
    what = "right there" if shares else f"mean error there{_in(facts.unit)}"
    return ["### Group by group", words, table(["group", "pictures", what, "elsewhere", "clearly worse"], rows)]


def _robustness(facts: ModelFacts) -> list[str]:
    if not facts.robustness:
        return []
    numbers = bool(facts.robustness["numbers"])

    def at(line: Entries, strength: int) -> str:
        value, both = items(line["right"])[strength], items(line["interval"])[strength]
        found = interval(value, both)
        if numbers:
            return sized(found, number(value))
        return f"{number(value):.0%}" if found is None else share(found)

    rows = [
        [str(line["title"]), at(line, 0), f"{at(line, 3)}: {plain(texts(line['strengths'])[3])}"]
        for line in lines(facts.robustness["kinds"])
    ]
    what = f"typical error{_in(facts.unit)}" if numbers else "right"
    header = ["spoilt by", f"{what}, as it is", f"{what}, at middle strength"]
    pictures = count(round(number(facts.robustness["pictures"])), "test picture")
    words = f"{pictures} spoilt on purpose; in brackets the 95% interval."
    return ["### On worse pictures", words, table(header, rows)]


def _in(unit: str) -> str:
    return f" in {plain(unit)}" if unit else ""


def _value(value: JsonValue, both: JsonValue) -> str:
    found = interval(value, both)
    return "–" if found is None else f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _whole(value: JsonValue, scale: int, mark: str = "") -> str:
    """A figure given as [value, low, high]."""
    if not isinstance(value, list):
        return "–"
    middle, low, high = (scale * number(item) for item in value)
    return f"{middle:.0f}{mark} ({low:.0f} to {high:.0f})"


def _sliced(line: Entries, name: str, shares: bool) -> str:
    found = interval(line[name], line[f"{name}_interval"])
    return share(found) if found is None or shares else sized(found, found.value)
