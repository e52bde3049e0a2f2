"""Sections with figures, from what `graft results --json` gives."""

from collections.abc import Sequence
from html import escape

from core.evaluation import FIGURES, SCORE_NAMES, Figure, fold_lines, folds_how
from core.exchange.html import paragraph, sentences, table
from core.exchange.report.drawing import Line, chart
from core.exchange.report.facts import ReportFacts
from core.exchange.report.values import Entries, basis, counted, decimal, entries, interval, items, lines, number, texts
from core.types import JsonObject, Task

FEW_COLUMNS, MOST_COLUMNS = 6, 12
"""Classes from which the confusion matrix is printed small, and with more than which it does not fit a page."""
FEW_PAIRS, MOST_PAIRS = 5, 20
CLASSES_HOW = (
    "Each class against all others (Sokolova & Lapalme 2009, doi 10.1016/j.ipm.2009.03.002). Recall, precision and "
    "specificity are shares with Wilson's interval (1927) and the effective number of pictures where several are of "
    "one case or group; F1 joins recall and precision, with Wilson's interval carried over (Lam et al. 2023, arXiv "
    "2309.14621). AUROC: of a picture with the class and one without, the chance that the first has the higher "
    "probability; AUPRC: the mean precision down that order; both from five with the class and five without, with the "
    "delta method's intervals (DeLong et al. 1988; "
    "Obuchowski 1997, doi 10.2307/2533958)."
)


def headlines(results: JsonObject, unit: str, names: Sequence[str]) -> str:
    """The first of these figures that the test split has, each with its interval and what it means."""
    values, ends = part(results, "metrics"), part(results, "intervals")
    told: list[str] = []
    for name in names:
        found = interval(values.get(name), ends.get(name))
        if found is not None and len(told) < 3:
            figure = FIGURES[name]
            told.append(
                f"{figure.title} {figure.shown(found, unit)} (95% interval {figure.range(found, unit)}). "
                f"{figure.sentence(found, unit)}"
            )
    return sentences(told) or paragraph("There were too few test pictures to say how good it is.")


def scores(facts: ReportFacts) -> str:
    """Every figure of the test split with its interval and what it means."""
    values = part(facts.results, "metrics")
    rows = _rows(facts.results, facts.unit)
    if not rows:
        return paragraph("There are no test predictions to score.")
    pictures, units = values["count"], values["units"]
    apart = (
        ""
        if pictures == units
        else f" They come from {counted(units, facts.together.removesuffix('s'))}; intervals count each as one."
    )
    words = f"Measured once, on {counted(pictures, 'test picture')} used neither to learn from nor to choose by.{apart}"
    how = "".join(
        f"<div><dt>{escape(FIGURES[name].title)}</dt><dd>{escape(FIGURES[name].how)}</dd></div>" for name in rows
    )
    return (
        paragraph(words)
        + table(["score", "value", "95% interval", "what it means"], list(rows.values()))
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
            rows[name] = [figure.title, "–", "", f"Not enough to tell: it needs {_least(figure, results)}."]
        else:
            sentence = figure.sentence(found, unit)
            rows[name] = [figure.title, figure.shown(found, unit), figure.range(found, unit), sentence]
    return rows


def _least(figure: Figure, results: JsonObject) -> str:
    """What a figure needs; where pictures share a case or group, those are what counts."""
    together = str(entries(results["counts"])["together"])
    return figure.least.replace("pictures", together).replace("picture", together.removesuffix("s"))


def external(facts: ReportFacts) -> str:
    """The same figures on pictures from elsewhere, project by project."""
    shown = []
    for test in facts.external:
        rows = list(_rows(test.results, facts.unit).values())
        pictures = part(test.results, "metrics").get("count", 0)
        note = f" {test.note}." if test.note else ""
        new = basis(entries(test.results.get("abstaining"))).new
        words = f"{test.name}: {counted(pictures, 'picture')} of another project, {new}.{note}"
        shown.append(paragraph(words) + table(["score", "value", "95% interval", "what it means"], rows))
    return "".join(shown)


def classes(facts: ReportFacts) -> str:
    """One line per class."""
    found = lines(entries(facts.results["per_class"]).get("test"))
    if not found:
        return ""
    names = {
        "recall": "recall (sensitivity)", "precision": "precision", "specificity": "specificity", "f1": "F1",
        "auroc": "AUROC", "average_precision": "AUPRC",
    }  # fmt: skip
    rows = []
    for item in found:
        both = entries(item["intervals"])
        rows.append(
            [
                str(item["name"]),
                str(item["support"]),
                *(decimal(interval(item[name], both[name])) for name in names),
            ]
        )
    note = (
        "Recall: of all there are, the share found. Precision: when it says so, how often it is. Specificity: of all "
        "pictures without the class, the share of which it is not said. Under each figure its 95% interval."
    )
    return (
        paragraph(note)
        + table(["class", "pictures", *names.values()], rows, small=True)
        + f"<details><summary>How each is computed</summary>{paragraph(CLASSES_HOW)}</details>"
    )


def folds(facts: ReportFacts) -> str:
    """How each fold of a cross-validation was judged, and what they say together; "" for any other training."""
    told = entries(facts.results["folds"])
    if not told:
        return ""
    how = "".join(paragraph(item) for item in folds_how(told))
    return sentences(fold_lines(told, SCORE_NAMES[Task(str(facts.results["task"]))])) + how


def confusion(facts: ReportFacts) -> str:
    """The matrix, or with more classes than fit a page the most frequent mistakes."""
    found = entries(facts.results["confusion"])
    if not found:
        return ""
    labels = texts(found["labels"])
    matrix = [[int(number(value)) for value in items(row)] for row in items(found["matrix"])]
    pairs = [
        [labels[row], labels[column], str(count), f"{count / sum(matrix[row]):.0%}"]
        for row in range(len(labels))
        for column in range(len(labels))
        if row != column and (count := matrix[row][column])
    ]
    pairs.sort(key=lambda pair: -int(pair[2]))
    header = ["is", "was called", "pictures", "of all that are"]
    if len(labels) > MOST_COLUMNS:
        words = (
            f"The most frequent mistakes; all {len(labels)} classes against each other are in `graft results --json`."
        )
        return paragraph(words) + table(header, pairs[:MOST_PAIRS])
    rows = [[name, *map(str, row)] for name, row in zip(labels, matrix, strict=True)]
    note = paragraph(
        "Rows are the truth, columns what the model said; test pictures. Beside the diagonal stand mistakes: much in "
        "one place means two classes that look alike to it, or labels that mix them up."
    )
    often = paragraph("The most frequent mistakes:") + table(header, pairs[:FEW_PAIRS]) if pairs else ""
    return note + table(["", *labels], rows, small=len(labels) > FEW_COLUMNS) + (often if len(labels) > 2 else "")


def reliability(facts: ReportFacts) -> str:
    """How sure against how right, drawn."""
    found = lines(entries(facts.results["reliability"]).get("test"))
    if not found:
        return ""
    known = [(100 * number(item["confidence"]), interval(item["right"], item["interval"])) for item in found]
    marks = [(at, item) for at, item in known if item is not None]
    drawn = chart(
        [
            Line("as right as it says", [0, 100], [0, 100], dashed=True),
            Line(
                "this model",
                [at for at, _ in marks],
                [100 * item.value for _, item in marks],
                band=([100 * item.low for _, item in marks], [100 * item.high for _, item in marks]),
                dots=True,
            ),
        ],
        x=(0, 100), y=(0, 100), across="how sure it was, %", up="how often right, %",
        label="How sure against how right",
    )  # fmt: skip
    test = entries(entries(facts.results["calibration"]).get("test"))
    both = entries(test.get("intervals"))
    told = [
        f"{FIGURES[name].title} {FIGURES[name].shown(value)} ({FIGURES[name].range(value)})"
        for name in ("ece", "brier")
        if (value := interval(test.get(name), both.get(name))) is not None
    ]
    least = [] if told else [f"{FIGURES['ece'].title}: not enough, it needs {_least(FIGURES['ece'], facts.results)}"]
    words = (
        "On the dashed line it is as often right as it says; below it, it is too sure. Ten bins of sureness, bars: "
        "Wilson's 95% intervals (reliability diagram, Niculescu-Mizil & Caruana 2005, doi 10.1145/1102351.1102430)."
    )
    return paragraph(f"{words} {'; '.join([*told, *least])}.") + drawn


def part(results: JsonObject, name: str) -> Entries:
    """What `results` has under a name for the test split."""
    return entries(entries(results[name]).get("test"))
