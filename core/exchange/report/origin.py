"""Sections about the model itself: in brief, how it was made, its limits, and where everything comes from."""

from core.charts import lineage_svg
from core.exchange.html import command_html, paragraph, sentences, table
from core.exchange.report import scores
from core.exchange.report.facts import ReportFacts
from core.exchange.report.methods import methods_text
from core.exchange.report.settings import meaning, said, shown, side_of, started, tuned, with_article
from core.recipes import balancing
from core.types import Task
from core.words import count

HEADLINES = ("accuracy", "balanced_accuracy", "auroc", "mean_ap", "micro_f1", "mae", "r2")
OF_GRADES = ("accuracy", "quadratic_kappa", "grades_off")
RARE = {
    "ignore": " Nothing was done for rare classes.",
    "weights": " Rare classes weighed more, by inverse frequency.",
    "effective": " Rare classes weighed more by their effective number (Cui et al. 2019, arXiv 1901.05555).",
    "logits": " While learning, logits were shifted by log frequency (Menon et al. 2020, arXiv 2007.07314).",
    "sampling": " Pictures of rare classes were shown more often.",
}
CAUTION = (
    "The scores hold for pictures like those it was tested on. Other cameras, places, seasons or patients can make the "
    "model much worse: test it there before relying on it. It supports a person's judgement, it does not replace it."
)


def summary(facts: ReportFacts) -> str:
    """The answer first: what it is, how good it is, what speaks against it."""
    sizes = facts.sizes
    tests = sizes.get("test", 0)
    tested = f"was tested once on {tests:,} that it had never seen" if tests else "was not tested: no picture was left"
    backbone, where = str(facts.recipe.get("backbone", "network")), f"of “{facts.project}”"
    made = f"{with_article(backbone)} learnt from {count(sizes.get('train', 0), 'picture')} {where}, and {tested}."
    if facts.folds:
        learnt = f"learnt in {facts.folds} from {count(facts.apart_from_test, 'picture')} {where}"
        made = f"{with_article(backbone)} {learnt}; all of these networks are the model, which {tested}."
    told = scores.headlines(facts.results, facts.unit, OF_GRADES if facts.results["task"] == "ordinal" else HEADLINES)
    grave = [item.words for item in facts.limits if item.grave]
    warning = f"<div class=warning><strong>Before you rely on it:</strong>{sentences(grave)}</div>" if grave else ""
    return paragraph(made) + told + warning


def model(facts: ReportFacts) -> str:
    """The network, where it started and what of it learnt."""
    recipe = facts.recipe
    weights = f" with {facts.parameters:,} weights" if facts.parameters else ""
    framing = "stretched to a square" if recipe.get("framing") == "squash" else "cut to their middle square"
    task = Task(str(facts.results["task"]))
    on = (
        "in each fold on the pictures that chose its epoch, and averaged"
        if facts.folds
        else "on the validation pictures"
    )
    classes = (
        f"{RARE.get(balancing(recipe, task), '')} Its probabilities were calibrated by one temperature "
        f"(Guo et al. 2017, arXiv 1706.04599) {on}. {said(task)}"
    )
    numbers = task is Task.REGRESSION
    return paragraph(
        f"{recipe.get('backbone', '?')}{weights}, {started(recipe)}; {tuned(recipe)}. Pictures are {framing} and "
        f"resized to {side_of(recipe)} × {side_of(recipe)} pixels." + ("" if numbers else classes)
    ) + sentences(facts.notes)


def methods(facts: ReportFacts) -> str:
    """One paragraph for a paper."""
    return f"<blockquote>{paragraph(methods_text(facts))}</blockquote>"


def recipe(facts: ReportFacts) -> str:
    """Every setting of the training, as `graft train --set` takes it, and in words."""
    task = Task(str(facts.results["task"]))
    rows = [
        [name, shown(name, value), meaning(name, value, facts.recipe, task)] for name, value in facts.recipe.items()
    ]
    return table(["setting", "value", "meaning"], rows, small=True, words=True)


def limits(facts: ReportFacts) -> str:
    """What it must not be trusted with."""
    return paragraph(CAUTION) + sentences([item.words for item in facts.limits])


def lineage(facts: ReportFacts) -> str:
    """The runs it descends from, the oldest first."""
    if len(facts.lineage) < 2:
        return ""
    return lineage_svg(facts.lineage)


def provenance(facts: ReportFacts) -> str:
    """Versions, the command that repeats it, and that the figures follow from what is stored."""
    rows = [
        ["Trained", f"{facts.trained_at:%Y-%m-%d %H:%M} UTC, on {facts.device or 'cpu'}"],
        ["Code", facts.code_version or "not recorded"],
        ["Libraries", ", ".join(f"{name} {version}" for name, version in facts.libraries.items()) or "not recorded"],
        ["Data", f"dataset version {facts.results['dataset_version']}, hash {facts.results['dataset_hash']}"],
        ["Report made", f"{facts.made_at:%Y-%m-%d %H:%M} UTC"],
    ]
    found = [f"{'' if ok else 'DIFFERENT: '}{name}: {words}." for name, ok, words in facts.verified]
    agree = all(ok for _, ok, _ in facts.verified)
    kept = (
        "When this report was made, every figure was recomputed from the stored predictions and labels and held "
        f"against what was kept when the run ended: {'all agree' if agree else 'NOT all agree'}. "
        f"`graft results {facts.results['run']} --check` does it again."
        if found
        else "The run ended before figures were kept: they cannot be held against a snapshot."
    )
    weights = str(facts.recipe.get("weights"))
    named = shown("weights", weights)
    where = f", where {named.removeprefix('file:')} lies in the same folder" if named != weights else ""
    repeat = f"<pre>{command_html(facts.repeat.replace(weights, named))}</pre>" if facts.repeat else ""
    command = paragraph(f"This command makes the run again{where}:") + repeat if repeat else ""
    klass = "" if agree else " class=warning"
    return table(["", ""], rows, words=True) + command + f"<div{klass}>{paragraph(kept)}{sentences(found)}</div>"
