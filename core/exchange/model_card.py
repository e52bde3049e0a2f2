"""The model card that goes with an exported model: Markdown for people who did not train it.

Headings follow Mitchell et al., Model Cards for Model Reporting (https://arxiv.org/abs/1810.03993).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from core.catalogue import ModelCard
from core.types import JsonObject, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A figure of the test split and where it lies with 95 % confidence, as text."""

    name: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a model card tells.

    `counts` are pictures per split; `per_class` has the class, its pictures to learn from and those to test by.
    """

    project: str
    guideline: str
    synthetic: bool
    run: int
    name: str
    trained_at: datetime
    recipe: JsonObject
    card: ModelCard
    version: int
    content_hash: str
    split_rule: str
    counts: dict[str, int]
    per_class: Sequence[tuple[str, int, int]]
    scores: Sequence[Score]
    onnx_problem: str
    code_version: str


_TASKS = {
    Task.SINGLE: "one class for each picture",
    Task.MULTI: "for each class, whether it is in the picture",
    Task.ORDINAL: "one grade for each picture",
    Task.REGRESSION: "one number for each picture",
}


def model_card_text(facts: ModelFacts) -> str:
    """The whole card."""
    parts = [_head(facts), _data(facts), _performance(facts), _limits(facts), _use(facts), _training(facts)]
    return "\n\n".join(parts) + "\n"


def _head(facts: ModelFacts) -> str:
    card = facts.card
    classes = ", ".join(plain(item) for item in card.classes) or "none: it answers with a number"
    synthetic = "\n\n**Trained on synthetic pictures**: it knows nothing of real ones." if facts.synthetic else ""
    return (
        f"# {plain(facts.project)}: model of run {facts.run}{f' ({plain(facts.name)})' if facts.name else ''}\n\n"
        f"Made with Graft on {facts.trained_at:%Y-%m-%d}. It gives {_TASKS[card.task]}.{synthetic}\n\n"
        f"- Classes, in the order of the answers: {classes}\n"
        f"- Network: {card.backbone}, pictures of {card.image_size} × {card.image_size} pixels"
    )


def _data(facts: ModelFacts) -> str:
    counts = ", ".join(f"{number:,} {name}" for name, number in facts.counts.items())
    text = (
        f"## Data\n\nDataset version {facts.version} of the project (content hash `{facts.content_hash[:16]}`): "
        f"{counts} pictures. Split rule: {facts.split_rule}."
    )
    if facts.guideline:
        text += f"\n\nHow it was labelled: {plain(facts.guideline)}"
    if facts.per_class:
        rows = "\n".join(f"| {plain(name)} | {train:,} | {test:,} |" for name, train, test in facts.per_class)
        text += f"\n\n| class | pictures to learn from | pictures to test by |\n|---|---:|---:|\n{rows}"
    return text


def _performance(facts: ModelFacts) -> str:
    if not facts.scores:
        return "## How good it is\n\nIt was not scored: there were no test pictures."
    rows = "\n".join(f"| {item.name} | {item.value} | {item.interval} |" for item in facts.scores)
    return (
        "## How good it is\n\n"
        "Measured once, on test pictures that were used neither to learn from nor to choose by.\n\n"
        f"| score | value | 95 % interval |\n|---|---:|---|\n{rows}"
    )


def _limits(facts: ModelFacts) -> str:
    few = [plain(name) for name, _, test in facts.per_class if test < 30]
    lines = [
        "The scores hold for pictures like those it was tested on. Other cameras, places, seasons or patients can "
        "make it much worse: test it on some of your own before you rely on it.",
        "It always answers, also for a picture that shows none of its classes.",
        "It supports a person's judgement and does not replace it. It is not a medical device.",
    ]
    if few:
        lines.append(f"Fewer than 30 test pictures stand behind the scores of: {', '.join(few)}.")
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _use(facts: ModelFacts) -> str:
    card = facts.card
    framing = "stretched to a square" if card.framing == "squash" else "cut to its middle square"
    prepare = (
        f"The picture, turned upright, as RGB, {framing} and resized to {card.image_size} × {card.image_size} pixels"
    )
    if facts.onnx_problem:
        return (
            f"## Use\n\n{prepare}, is what the network wants. `card.json` says the rest; `weights.safetensors` holds "
            f"the weights. There is no ONNX file: {facts.onnx_problem}"
        )
    answer = "the number" if card.task is Task.REGRESSION else "a probability for each class"
    return (
        f"## Use\n\n{prepare}, goes into `model.onnx` as `pictures`: uint8, shape (N, 3, {card.image_size}, "
        f"{card.image_size}). Out comes `answers`: {answer}, calibrated as in Graft; everything in between is inside. "
        "`predict.py` shows it:\n\n    pip install onnxruntime pillow numpy\n    python predict.py picture.jpg"
    )


def _training(facts: ModelFacts) -> str:
    recipe = dict(facts.recipe)
    if str(recipe.get("weights")).startswith("file:"):  # whose folders it lay in is nobody's business
        recipe["weights"] = f"file:{PurePath(str(recipe['weights'])).name}"
    rows = "\n".join(f"| {name} | {plain(str(value))} |" for name, value in recipe.items())
    last = f"Temperature {facts.card.temperature:.4f}."
    version = f" Code version: {facts.code_version}." if facts.code_version else ""
    return f"## How it was trained\n\n| recipe | |\n|---|---|\n{rows}\n\n{last}{version}"


def plain(text: str) -> str:
    """A person's own words as Markdown that shows them as they are."""
    line = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|" else letter for letter in line)
