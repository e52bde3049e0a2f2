"""The whole card: the sections of Mitchell et al., Model Cards for Model Reporting, in their order.

https://arxiv.org/abs/1810.03993
"""

from core.evaluation import FIGURES, turns_words
from core.exchange.cautions import (
    crossing_words,
    few_words,
    leaking_words,
    optimism_words,
    shortcut_words,
    split_scores,
    untold,
)
from core.exchange.model_card.analyses import analyses
from core.exchange.model_card.facts import ModelFacts
from core.exchange.model_card.markdown import plain, table
from core.exchange.report.settings import meaning, said, shown, started, tuned
from core.exchange.report.values import Entries, entries, interval, items, lines, number, three
from core.types import JsonObject, Task
from core.words import count, enumerated

_TASKS = {
    Task.SINGLE: "one class for each picture",
    Task.MULTI: "for each class, whether it is in the picture",
    Task.ORDINAL: "one grade for each picture",
    Task.REGRESSION: "one number for each picture",
}


def model_card_text(facts: ModelFacts) -> str:
    """The whole card."""
    parts = [
        _details(facts),
        _use(facts),
        _intended(facts),
        _factors(facts),
        _metrics(facts),
        _evaluation_data(facts),
        _training_data(facts),
        analyses(facts),
        _ethics(facts),
        _caveats(facts),
        _recipe(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _details(facts: ModelFacts) -> str:
    card = facts.card
    classes = f"- Classes, in the order of the answers: {plain(enumerated(card.classes))}\n" if card.classes else ""
    unit = f" ({plain(facts.unit)})" if facts.unit else ""
    synthetic = "\n\n**Trained on synthetic pictures**: it knows nothing of real ones." if facts.synthetic else ""
    notes = "".join(f". {plain(note.removesuffix('.'))}" for note in facts.notes)
    several = f"{card.members} networks, one of each fold, whose answers are averaged: " if card.members else ""
    version = f"\n- Code: {facts.code_version}" if facts.code_version else ""
    return (
        f"# {plain(facts.project)}: model of run {facts.run}{f' ({plain(facts.name)})' if facts.name else ''}\n\n"
        f"## Model details\n\n"
        f"Made with Graft on {facts.trained_at:%Y-%m-%d}. It gives {_TASKS[card.task]}{unit}.{synthetic}\n\n"
        f"{classes}"
        f"- Network: {several}{card.backbone}, pictures of {card.image_size} × {card.image_size} pixels\n"
        f"- Training: {started(facts.recipe)}; {tuned(facts.recipe)}{notes}{version}\n"
        "- Licence and contact: to be filled in by whoever passes it on"
    )


def _use(facts: ModelFacts) -> str:
    card = facts.card
    framing = "stretched to a square" if card.framing == "squash" else "cut to its middle square"
    prepare = (
        f"The picture as a person sees it (turned upright, 8 bits, sRGB, on white where it is transparent), {framing} "
        f"and resized to {card.image_size} × {card.image_size} pixels"
    )
    jpegs = (
        "A large JPEG is decoded at the smallest of the half, quarter and eighth of its size whose shorter side has "
        f"at least {card.image_size} pixels (Pillow: `draft`): decoded whole, it gives slightly other answers than "
        "in Graft."
    )
    if facts.onnx_problem:
        return (
            f"### How to run it\n\n{prepare}, is what the network wants. `card.json` says the rest; "
            f"`weights.safetensors` holds the weights. {jpegs} There is no ONNX file: {facts.onnx_problem}"
        )
    answer = "the number" if card.task is Task.REGRESSION else "a probability for each class, calibrated as in Graft"
    return (
        f"### How to run it\n\n{prepare}, goes into `model.onnx` as `pictures`: uint8, shape (N, 3, {card.image_size}, "
        f"{card.image_size}). Out comes `answers`: {answer}; everything in between is inside. "
        f"{jpegs} `predict.py` shows it:\n\n    pip install onnxruntime pillow numpy\n    python predict.py picture.jpg"
    )


def _intended(facts: ModelFacts) -> str:
    asked = f"\n\nWhat the labels mean: {plain(facts.guideline)}" if facts.guideline else ""
    return (
        "## Intended use\n\n"
        "To help a person who knows the subject judge pictures like those it learnt from.\n\n"
        "- Out of scope: pictures of anything else, other devices or places it was not tested on, and decisions that "
        "nobody checks.\n"
        f"- It is not a medical device.{asked}"
    )


def _factors(facts: ModelFacts) -> str:
    looked = list(dict.fromkeys(str(line["attribute"]) for line in lines(facts.results.get("slices"))))
    slices = (
        f"Looked at apart below: {plain(', '.join(looked))}. No two of them were looked at together."
        if looked
        else "No group of at least 10 test pictures could be looked at apart."
    )
    return (
        "## Factors\n\n"
        "What can change how good it is: camera, light, sharpness, season, place, variety or patient group, and how "
        f"common each {'number' if facts.card.task is Task.REGRESSION else 'class'} is. {slices}"
    )


def _metrics(facts: ModelFacts) -> str:
    values, both = _of_test(facts, "metrics"), _of_test(facts, "intervals")
    names = [name for name in values if name in FIGURES and interval(values[name], both.get(name))]
    lacking = [
        f"{FIGURES[name].title} (it needs {FIGURES[name].least})"
        for name in values
        if name in FIGURES and name not in names
    ]
    untold = f"\n\nNot enough to tell: {'; '.join(lacking)}." if lacking else ""
    told = "\n".join(f"- {FIGURES[name].title}: {FIGURES[name].how}" for name in names)
    together = entries(facts.results.get("counts")).get("together")
    whole = "" if together == "pictures" else f" {str(together).capitalize()} count as one each."
    calibrated = f" {_calibrated(facts)}" if facts.card.task is not Task.REGRESSION else ""
    where = " The thresholds stand in `card.json`." if facts.card.task is Task.MULTI else ""
    says = f" {said(facts.card.task)}{where}".rstrip()
    return (
        f"## Metrics\n\nEvery score stands with its 95% interval.{whole}{calibrated}{says}\n\n"
        f"{told or '- None: there were no test pictures.'}{untold}"
    )


def _calibrated(facts: ModelFacts) -> str:
    """How probabilities were made as sure as they should be, and by how many pictures."""
    if facts.card.members:
        return (
            f"Probabilities are the mean of those of the {facts.card.members} networks, each calibrated by a "
            "temperature of its own (Guo et al. 2017)."
        )
    size = round(number(entries(facts.results["splits"]).get("validation", 0)))
    by = f", fitted on {count(size, 'validation picture')}" if size else ""
    return f"Probabilities are calibrated by one temperature ({three(facts.card.temperature)}; Guo et al. 2017){by}."


def _evaluation_data(facts: ModelFacts) -> str:
    sizes = entries(facts.results["splits"])
    test = number(sizes.get("test", 0))
    text = (
        f"## Evaluation data\n\n{count(round(test), 'test picture')} of the same dataset version, used neither to "
        f"learn from nor to choose by, and looked at once. Split rule: {facts.results['split_rule']}."
    )
    others = [f"{plain(name)} ({_counted(found)})" for name, found in facts.external]
    return f"{text} Tested elsewhere: {', '.join(others) if others else 'not at all'}."


def _training_data(facts: ModelFacts) -> str:
    counts = ", ".join(f"{number(size):,.0f} {name}" for name, size in entries(facts.results["splits"]).items())
    people = ", ".join(plain(name) for name in facts.people) or "not recorded"
    text = (
        f"## Training data\n\nDataset version {facts.version} of the project (content hash "
        f"`{str(facts.results['dataset_hash'])[:16]}`): {counts} pictures. Labelled by: {people}."
    )
    if folds := entries(facts.results.get("folds")):
        text += f" {turns_words(folds)}"
    classes = lines(entries(facts.results.get("counts")).get("classes"))
    rows = [
        [plain(str(line["name"])), *(f"{number(line[split]):,.0f}" for split in ("train", "validation", "test"))]
        for line in classes
    ]
    header = ["class", "pictures to learn from", "to choose by", "to test by"]
    return text + (f"\n\n{table(header, rows)}" if rows else "")


def _ethics(facts: ModelFacts) -> str:
    one = "\n- One source's labels are the truth here: its mistakes count as right." if len(facts.people) == 1 else ""
    return (
        "## Ethical considerations\n\n"
        "- Headers that tell place, time or person were removed from the pictures it learnt from; what can be seen in "
        "a picture stays. A network can keep traces of what it learnt from: pass it on only to whom the pictures could "
        "be shown.\n"
        "- Whether it is as good for every group of people, places or varieties is known only as far as told under "
        f"Quantitative analyses.{one}"
    )


def _found(check: JsonObject) -> list[str]:
    """What the check of the data found that makes scores too good."""
    flagged = [line for line in lines(check.get("shortcuts")) if line["flagged"]]
    listed = sum(bool(line["across_splits"]) for line in lines(check.get("pairs")))
    return [
        *(
            shortcut_words(str(line["probe"]), number(line["score"]), _ends(line), number(line["chance"]))
            for line in flagged
        ),
        *optimism_words(split_scores(check)),
        # Not all are listed; an earlier Graft did not count them.
        *crossing_words(int(number(entries(check.get("counts")).get("across_splits", listed)))),
    ]


def _ends(line: Entries) -> tuple[float, float]:
    low, high = items(line["interval"])
    return number(low), number(high)


def _caveats(facts: ModelFacts) -> str:
    counts, slices = entries(facts.results["counts"]), lines(facts.results.get("slices"))
    shows = "none of its classes" if facts.card.task in (Task.SINGLE, Task.ORDINAL) else "something else"
    weak = [plain(f"{item['attribute']}: {item['value']}") for item in slices if item["clear"]]
    told = [
        *map(plain, [*_found(facts.check or {}), *leaking_words(facts.results), *untold(facts.results)]),
        "The scores hold for pictures like those it was tested on. Other cameras, places, seasons or patients can "
        "make it much worse: test it on some of your own before you rely on it.",
        f"It always answers, also for a picture that shows {shows}.",
        "It supports a person's judgement and does not replace it.",
    ]
    told += map(plain, few_words(facts.results))
    if weak:
        told.append(f"It is clearly worse on: {', '.join(weak)}.")
    if not facts.external:
        told.append("It was not tested on pictures from outside its own project.")
    if counts.get("together") == "pictures":
        told.append(
            "No cases or groups were named: if pictures of one plant, patient or place are on both sides, the scores "
            "are too good."
        )
    if facts.check is None:
        told.append("The pictures were not checked for duplicates, leaks and short cuts.")
    return "## Caveats and recommendations\n\n" + "\n".join(f"- {line}" for line in told)


def _recipe(facts: ModelFacts) -> str:
    recipe, task = facts.recipe, facts.card.task
    rows = [
        [name, plain(shown(name, recipe[name])), plain(meaning(name, recipe[name], recipe, task))] for name in recipe
    ]
    return f"## How it was trained\n\n{table(['setting', 'value', 'meaning'], rows, words=True)}"


def _of_test(facts: ModelFacts, name: str) -> Entries:
    return entries(entries(facts.results[name]).get("test"))


def _counted(results: JsonObject) -> str:
    return count(round(number(entries(entries(results["metrics"]).get("test")).get("count", 0))), "picture")
