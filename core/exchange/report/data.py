"""Sections about pictures, labels and how they are divided."""

from core.exchange.html import paragraph, sentences, table
from core.exchange.report.facts import ReportFacts
from core.exchange.report.values import entries, lines, number, texts
from core.words import count

SYNTHETIC = "<p class=warning><strong>Synthetic pictures:</strong> nothing here holds for real ones.</p>"
SPLITS = {"train": "to learn from", "validation": "to choose by", "test": "to test by"}


def purpose(facts: ReportFacts) -> str:
    """What is asked of a picture, in the words of the project's guideline."""
    names = texts(facts.results["classes"])
    asked = {
        "single": "Each picture gets one of these classes: {}.",
        "ordinal": "Each picture gets one of these grades, from low to high: {}.",
        "multi": "Each picture gets every one of these classes that applies: {}.",
        "regression": f"Each picture gets a number{f' ({facts.unit})' if facts.unit else ''}.",
    }[str(facts.results["task"])]
    return (
        (SYNTHETIC if facts.synthetic else "") + paragraph(asked.format(", ".join(names))) + paragraph(facts.guideline)
    )


def source(facts: ReportFacts) -> str:
    """From the project's pictures to those that were used."""
    flow = facts.flow
    rows = [[words, f"{count:,}"] for words, count in flow.steps]
    taken = ""
    if flow.first_taken and flow.last_taken:
        taken = f"Taken between {flow.first_taken:%d %B %Y} and {flow.last_taken:%d %B %Y}, as their files say. "
    return table(["", "pictures"], rows) + paragraph(
        f"{taken}Stored copies are turned upright; headers that tell place or person were removed."
    )


def labels(facts: ReportFacts) -> str:
    """Who labelled, and how."""
    if not facts.annotators:
        return ""
    rows = [[name, how, f"{count:,}"] for name, how, count in facts.annotators]
    note = "Labels until the dataset version was frozen. Where several people labelled a picture, the last word counts."
    return paragraph(note) + table(["name", "how", "pictures"], rows)


def agreement(facts: ReportFacts) -> str:
    """How far several people agree."""
    return sentences(facts.agreement)


def split(facts: ReportFacts) -> str:
    """The dataset version and its partitions."""
    sizes, results = facts.sizes, facts.results
    shares = ", ".join(f"{sizes.get(name, 0):,} {words}" for name, words in SPLITS.items())
    units = entries(facts.counts["units"])
    counted = ", ".join(f"{number(units.get(name, 0)):,.0f} {words}" for name, words in SPLITS.items())
    whole = (
        f"No one of the {facts.together} is on two sides: {counted}. Intervals count each as one."
        if units
        else "No cases (plants, patients) or groups (fields, clinics) were named: each picture counts for itself."
    )
    return paragraph(
        f"Dataset version {results['dataset_version']} holds {count(sum(sizes.values()), 'picture')}: {shares}. "
        f"Split rule: {results['split_rule']}. {whole}"
    ) + paragraph(f"Content hash (SHA-256): {results['dataset_hash']}")


def counts(facts: ReportFacts) -> str:
    """Pictures per class and partition."""
    classes = lines(facts.counts["classes"])
    rows = [[str(line["name"]), *(f"{number(line[split]):,.0f}" for split in SPLITS)] for line in classes]
    return table(["class", *SPLITS.values()], rows) if rows else ""


def checks(facts: ReportFacts) -> str:
    """What the check of the data found."""
    return sentences(facts.checks)
