"""Sections about pictures, labels and how they are divided."""

from core.evaluation import turns_words
from core.evaluation.agreement import index_text, verdict
from core.exchange.html import paragraph, sentences, table
from core.exchange.report.facts import ReportFacts
from core.exchange.report.values import counted, entries, lines, number, texts, triple
from core.words import count, enumerated, labeller

SYNTHETIC = "<p class=warning><strong>Synthetic pictures:</strong> nothing here holds for real ones.</p>"
HOW = {"hand": "by hand", "import": "imported", "suggestion": "a model's suggestion, agreed to"}
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
        (SYNTHETIC if facts.synthetic else "") + paragraph(asked.format(enumerated(names))) + paragraph(facts.guideline)
    )


def source(facts: ReportFacts) -> str:
    """From the project's pictures to those that were used."""
    flow = facts.flow
    rows = [[words, f"{count:,}"] for words, count in flow.steps]
    taken = ""
    if flow.first_taken and flow.last_taken:
        taken = (
            f"Taken between {flow.first_taken:%d %B %Y} and {flow.last_taken:%d %B %Y}, as their files or a table say. "
        )
    return table(["", "pictures"], rows) + paragraph(
        f"{taken}Stored copies are turned upright; headers that tell place or person were removed."
    )


def labels(facts: ReportFacts) -> str:
    """Who labelled, and how."""
    found = lines(facts.labelling.get("people"))
    if not found:
        return ""
    rows = [[labeller(str(line["name"])), HOW[str(line["how"])], f"{number(line['pictures']):,.0f}"] for line in found]
    note = "Labels until the dataset version was frozen. Where several people labelled a picture, the last word counts."
    return paragraph(note) + table(["name", "how", "pictures"], rows)


def agreement(facts: ReportFacts) -> str:
    """How far several people agree."""
    found = entries(facts.labelling.get("agreement"))
    if not found:
        return ""
    people = ", ".join(texts(found["people"]))
    differing, settled = number(found["differing"]), number(found["settled"])
    told = [
        f"{counted(found['pictures'], 'picture was', 'pictures were')} labelled by two or more of {people}. "
        f"{verdict(triple(found['alpha']))}",
        *(
            f"{' and '.join(texts(line['people']))}: the same answer on {number(line['same']):.0%} of "
            f"{counted(line['pictures'], 'picture')}; Cohen's kappa {index_text(triple(line['kappa']))}."
            for line in lines(found["pairs"])
        ),
        f"They differed on {counted(differing, 'picture')}, of which {counted(settled, 'was', 'were')} looked at again."
        if differing
        else "They never differed.",
    ]
    rows = [[str(line["name"]), index_text(triple(line["alpha"]))] for line in lines(found["classes"])]
    how = (
        "Krippendorff's alpha (2011) is 1 where all agree and 0 where they do as often as by chance; he asks for 0.8, "
        "and for 0.67 at least. What each said first counts, in the pictures of this dataset version."
    )
    by_class = table(["class", "alpha"], rows) if len(rows) > 1 else ""
    return sentences(told) + by_class + paragraph(how)


def split(facts: ReportFacts) -> str:
    """The dataset version and its partitions."""
    sizes, results = facts.sizes, facts.results
    shares = ", ".join(f"{sizes.get(name, 0):,} {words}" for name, words in SPLITS.items())
    units = entries(facts.counts["units"])
    counted = ", ".join(f"{number(units.get(name, 0)):,.0f} {words}" for name, words in SPLITS.items())
    apart = (
        f"{facts.leaking} in several of them, so that the test asks for what was learnt from"
        if facts.leaking
        else f"No one of the {facts.together} is on two sides"
    )
    whole = (
        f"{apart}: {counted}. Intervals count each as one."
        if units
        else "No cases (plants, patients) or groups (fields, clinics) were named: each picture counts for itself."
    )
    folded = f" {turns_words(entries(results['folds']))}" if facts.folds else ""
    return paragraph(
        f"Dataset version {results['dataset_version']} holds {count(sum(sizes.values()), 'picture')}: {shares}. "
        f"Split rule: {results['split_rule']}. {whole}{folded}"
    ) + paragraph(f"Content hash (SHA-256): {results['dataset_hash']}")


def counts(facts: ReportFacts) -> str:
    """Pictures per class and partition."""
    classes = lines(facts.counts["classes"])
    rows = [[str(line["name"]), *(f"{number(line[split]):,.0f}" for split in SPLITS)] for line in classes]
    return table(["class", *SPLITS.values()], rows) if rows else ""


def checks(facts: ReportFacts) -> str:
    """What the check of the data found."""
    return sentences(facts.checks)
