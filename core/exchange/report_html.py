"""A training's results as one HTML file that needs nothing else: to read, to print, to send.

Headings follow what TRIPOD+AI (https://doi.org/10.1136/bmj-2023-078378) and CLAIM
(https://doi.org/10.1148/ryai.240300) ask to be told of a model: purpose, data and their source, reference labels,
partition, model, performance with uncertainty, failures, limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.exchange import report_scores
from core.exchange.html import page, paragraph, picture, section, table
from core.exchange.methods import methods
from core.types import JsonObject

LIMITS = (
    "The scores hold for pictures like those it was tested on. Other cameras, places, seasons or patients can make the "
    "model much worse: test it there before relying on it. It supports a person's judgement, it does not replace it."
)
SYNTHETIC = "<p class=note><strong>Synthetic pictures:</strong> nothing here holds for real ones.</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A picture that was named wrongly: a small JPEG and words."""

    jpeg: bytes
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What a report tells.

    results      what `graft results --json` gives
    annotators   who labelled, how ("hand", "import", ...), and how many pictures of the dataset version
    class_counts class, and its pictures to learn from, to choose by, and to test by
    together     what stays in one split and counts as one: "pictures", "cases" or "groups"
    """

    project: str
    guideline: str
    unit: str
    synthetic: bool
    results: JsonObject
    recipe: JsonObject
    trained_at: datetime
    device: str
    code_version: str
    together: str
    annotators: Sequence[tuple[str, str, int]]
    class_counts: Sequence[tuple[str, int, int, int]]
    failures: Sequence[Failure]


def report_html(facts: ReportFacts) -> str:
    """The whole file."""
    return page(
        f"{facts.project}: run {facts.results['run']}",
        [
            SYNTHETIC if facts.synthetic else "",
            section("What is judged, and how", paragraph(facts.guideline)),
            _data(facts),
            _labels(facts),
            report_scores.scores(facts.results, facts.unit),
            report_scores.classes(facts.results),
            report_scores.confusion(facts.results),
            report_scores.reliability(facts.results),
            _failures(facts),
            section("Limits of use", paragraph(LIMITS)),
            section("Methods", paragraph(methods(facts.recipe, _sizes(facts), _names(facts), facts.together))),
            section("Recipe", table(["", ""], [[name, str(value)] for name, value in facts.recipe.items()])),
            _origin(facts),
        ],
    )


def _sizes(facts: ReportFacts) -> dict[str, int]:
    sizes = facts.results["splits"]
    return {name: int(str(size)) for name, size in sizes.items()} if isinstance(sizes, dict) else {}


def _names(facts: ReportFacts) -> int:
    return len({name for name, _, _ in facts.annotators})


def _data(facts: ReportFacts) -> str:
    results, sizes = facts.results, _sizes(facts)
    words = (
        f"Dataset version {results['dataset_version']}, {sum(sizes.values())} pictures: "
        f"{sizes.get('train', 0)} to learn from, {sizes.get('validation', 0)} to choose by, "
        f"{sizes.get('test', 0)} to test by. Content hash {results['dataset_hash']}. "
        f"Split rule: {results['split_rule']}."
    )
    rows = [[name, *map(str, counts)] for name, *counts in facts.class_counts]
    counts = table(["class", "to learn from", "to choose by", "to test by"], rows) if rows else ""
    return section("Data", paragraph(words), counts)


def _labels(facts: ReportFacts) -> str:
    if not facts.annotators:
        return ""
    rows = [[name, how, str(number)] for name, how, number in facts.annotators]
    note = "Labels until the dataset version was frozen. Where several people labelled a picture, the last word counts."
    return section("Who labelled", paragraph(note), table(["name", "how", "pictures"], rows))


def _failures(facts: ReportFacts) -> str:
    shown = "".join(picture(item.jpeg, item.caption) for item in facts.failures)
    words = "Test pictures on which it was wrong, the most confident or farthest off first."
    return section("Where it fails", paragraph(words), f"<div class=pictures>{shown}</div>") if shown else ""


def _origin(facts: ReportFacts) -> str:
    version = f", code {facts.code_version}" if facts.code_version else ""
    at = f"{facts.trained_at:%Y-%m-%d %H:%M} UTC"
    words = f"Run {facts.results['run']}, trained {at} on {facts.device or 'cpu'}{version}."
    return section("Where this comes from", paragraph(words))
