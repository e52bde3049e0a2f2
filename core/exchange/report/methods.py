"""How a model was made and judged, as a paragraph for a paper."""

from core.exchange.report.facts import ReportFacts
from core.exchange.report.settings import optimizer, side_of, started, tuned, varied, with_article
from core.exchange.report.values import counted
from core.words import count

TEXT = (
    "{pictures} labelled {people} and divided into {sets}{whole}. {backbone} {start} was used; it saw pictures {seen}; "
    "{tuned}, for at most {epochs} (optimiser {optimizer}, learning rate {learning_rate}, seed {seed}){kept}. "
    "{calibrated}{folded}The test set was used once, for the figures reported here. Intervals are "
    "95% intervals: Wilson's for proportions, with the effective sample size where pictures share a case or group; "
    "the delta method's for areas under curves; and a Bayesian bootstrap over independent units for the rest. "
    "Software: {software}; data hash {data}."
)
SETS = "training ({train}), validation ({validation}) and test ({test}) sets"
TWO_SETS = "a test set ({test}) and the rest ({rest})"
FOLDED = (
    "So a network was trained for each of {folds} of the rest, on all of it but what it was then judged by (cross-"
    "validation; interval of the mean score: Nadeau & Bengio 2003); the networks' answers were averaged. "
)
FOLD_KEPT = ", and the epoch that was best on pictures set apart for that was kept"
FOLD_CALIBRATED = "Probabilities were calibrated by temperature scaling on these pictures. "
BEST_KEPT = ", and the epoch that was best on the validation set was kept"
START_KEPT = "; none was better on the validation set than the start, which was kept: its head alone had learnt"
CALIBRATED = "Probabilities were calibrated by temperature scaling on the validation set. "


def methods_text(facts: ReportFacts) -> str:
    """The paragraph."""
    recipe, sizes = facts.recipe, facts.sizes
    names = ("learning_rate", "seed")
    libraries = [f"{name} {facts.libraries[name]}" for name in ("torch",) if name in facts.libraries]
    kept, calibrated = START_KEPT if facts.best_epoch == 0 else BEST_KEPT, CALIBRATED
    if facts.folds:
        kept, calibrated = FOLD_KEPT, FOLD_CALIBRATED
    parts = {name: sizes.get(name, 0) for name in ("train", "validation", "test")}
    return TEXT.format(
        sets=(TWO_SETS if facts.folds else SETS).format(rest=facts.apart_from_test, **parts),
        folded=FOLDED.format(folds=facts.folds) if facts.folds else "",
        calibrated="" if facts.results["task"] == "regression" else calibrated,
        pictures=count(sum(sizes.values()), "picture was", "pictures were"),
        people=_people(facts),
        whole=_whole(facts),
        backbone=with_article(str(recipe.get("backbone", "network"))),
        optimizer=optimizer(recipe),
        epochs=counted(recipe.get("epochs", 0), "epoch"),
        kept=kept,
        start=started(recipe),
        tuned=tuned(recipe),
        seen=_seen(facts),
        software=", ".join([facts.code_version or "Graft", *libraries]),
        data=str(facts.results["dataset_hash"])[:12],
        **{name: recipe.get(name, "?") for name in names},
    )


def _seen(facts: ReportFacts) -> str:
    """At which size, and how varied while the network learnt."""
    side, changed = side_of(facts.recipe), varied(facts.recipe)
    return f"of {side} × {side} pixels" + (f", while learning {changed}" if changed else "")


def _people(facts: ReportFacts) -> str:
    """By whom: of labels that were imported nobody knows how many people gave them."""
    if not facts.people:
        return "by an unknown number of annotators"
    here = {name for name, how in facts.people if how != "import"}
    if not here:
        return "before import by an unknown number of annotators"
    imported = any(how == "import" for _, how in facts.people)
    others = " and, before import, by an unknown number of others" if imported else ""
    return f"by {count(len(here), 'annotator')}{others}"


def _whole(facts: ReportFacts) -> str:
    """Whether cases or groups were kept whole."""
    if facts.together == "pictures":
        return ""
    return f"; {facts.leaking} had pictures in several sets" if facts.leaking else f", keeping {facts.together} whole"
