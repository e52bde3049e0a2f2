"""What makes a model's scores worth less than they look, in sentences: for its report and its model card."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.exchange.report.values import entries, interval, items, lines, number
from core.types import JsonObject, Task
from core.words import between, count, listed

PROBES = {"borders": "the borders of the pictures", "file": "facts of the files (size, format, camera, hour)"}
"""What each probe for short cuts sees, in words."""
FEW = 30
"""Test pictures of a class below which its scores rest on few."""
GUESSING: dict[Task, str] = {
    Task.SINGLE: "balanced_accuracy",
    Task.ORDINAL: "quadratic_kappa",
    Task.MULTI: "auroc",
    Task.REGRESSION: "r2",
}
"""The figure that tells a model from one that has learnt nothing."""
_NAMES = {"balanced_accuracy": "balanced accuracy", "quadratic_kappa": "agreement", "auroc": "AUROC", "r2": "R²"}
"""How a sentence calls it: another figure of the same pictures can tell more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitScore:
    """Balanced accuracy of a simple head when `kept` (pictures, cases, groups) stay together; its 95% interval."""

    kept: str
    score: float
    interval: tuple[float, float]


def split_scores(check: JsonObject) -> tuple[SplitScore, ...]:
    """Those of a finished check, none where it could not tell."""
    found = []
    for line in lines(entries(check.get("splitting")).get("scores")):
        low, high = map(number, items(line["interval"]))
        found.append(SplitScore(kept=str(line["kept"]), score=number(line["score"]), interval=(low, high)))
    return tuple(found)


def optimism(scores: Sequence[SplitScore]) -> tuple[SplitScore, SplitScore] | None:
    """Random against whole cases or groups, where the second is clearly lower: their intervals do not overlap."""
    random = next((item for item in scores if item.kept == "pictures"), None)
    whole = min((item for item in scores if item.kept != "pictures"), key=lambda item: item.score, default=None)
    if random is None or whole is None or whole.interval[1] >= random.interval[0]:
        return None
    return random, whole


def optimism_words(scores: Sequence[SplitScore]) -> Sequence[str]:
    """That a random split flatters, where it clearly does."""
    return [
        f"A random split says {random.score:.0%} ({between(*random.interval)}), new {whole.kept} say {whole.score:.0%} "
        f"({between(*whole.interval)})."
        for random, whole in filter(None, [optimism(scores)])
    ]


def crossing_words(pairs: int) -> Sequence[str]:
    """That pictures of different splits look like one, if any do."""
    return [f"{count(pairs, 'pair')} of pictures that look like one in different splits."] if pairs else []


def shortcut_words(probe: str, score: float, ends: tuple[float, float], chance: float) -> str:
    """That a short cut tells classes, and how well."""
    return (
        f"From only {PROBES[probe]} the classes are told better than by chance: balanced accuracy {score:.0%} "
        f"({between(*ends)}), where chance is {chance:.0%}."
    )


def leaking_words(results: JsonObject) -> Sequence[str]:
    """That cases or groups stand in several splits, if they do."""
    counts = entries(results.get("counts"))
    found, together = counts.get("leaking"), str(counts.get("together"))
    if not isinstance(found, int) or not found:
        return []
    return [f"{count(found, together.removesuffix('s'))} in several splits: the scores are too good."]


def untold(results: JsonObject) -> Sequence[str]:
    """What the test pictures leave open of what `graft results --json` gives: whether it guesses, and classes."""
    if not entries(results["splits"]).get("test"):
        return []
    none, _ = _rare(results)
    unseen = [f"No test picture is of {listed(none)}: how good it is there is not known."] if none else []
    return [*_guessing(results), *unseen]


def few_words(results: JsonObject) -> Sequence[str]:
    """Which classes have test pictures, but few."""
    _, few = _rare(results)
    return [f"Fewer than {FEW} test pictures stand behind the scores of: {listed(few)}."] if few else []


def _rare(results: JsonObject) -> tuple[list[str], list[str]]:
    """Classes without test pictures, and with few."""
    sizes = {str(line["name"]): number(line["test"]) for line in lines(entries(results.get("counts")).get("classes"))}
    return [name for name, size in sizes.items() if not size], [name for name, size in sizes.items() if 0 < size < FEW]


def _guessing(results: JsonObject) -> Sequence[str]:
    task = Task(str(results["task"]))
    name = GUESSING[task]
    values, ends = (entries(entries(results[part]).get("test")) for part in ("metrics", "intervals"))
    if not values:
        return []
    found, numbers = interval(values.get(name), ends.get(name)), task is Task.REGRESSION
    if found is None:
        units = entries(results.get("counts")).get("together", "pictures")
        return [f"There are too few test {units} to tell it from {'the mean number' if numbers else 'guessing'}."]
    classes = len(lines(entries(results.get("counts")).get("classes")))
    chance = {Task.SINGLE: 1 / max(1, classes), Task.MULTI: 0.5}.get(task, 0.0)
    always = "always saying the mean number" if numbers else "guessing"
    if found.low > chance:
        return []
    return [f"By its {_NAMES[name]} on these test pictures it cannot be told from {always}."]
