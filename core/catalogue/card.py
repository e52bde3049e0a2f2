"""The card that goes with every trained model: all it takes to use it, as a value."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from core.types import JsonObject, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """How to feed a model and read its answer.

    task          decides the head's meaning: single and ordinal softmax over K classes, multi K sigmoids,
                  regression one number
    classes       names by output position; empty for regression
    class_ids     the project's ids of these classes, by position
    backbone      catalogue name or "timm:NAME"
    image_size    side in pixels; `framing` as in the recipe; `mean`, `std` per channel, of pixels in [0, 1]
    temperature   divides the logits before softmax or sigmoid
    thresholds    multi-label: per class, probability from which it is said to be there
    number_mean, number_std  regression: output x std + mean is the number
    ranked        ordinal: the head says ranks, one fewer than there are grades, each by
                  a direction of its own (CORN) or, with `shared`, all by one (CORAL)
    members       of an ensemble: how many networks it averages; 0 for a single network
    """

    task: Task
    classes: tuple[str, ...]
    class_ids: tuple[int, ...]
    backbone: str
    image_size: int
    framing: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    temperature: float = 1.0
    thresholds: tuple[float, ...] = ()
    number_mean: float = 0.0
    number_std: float = 1.0
    members: int = 0
    ranked: bool = False
    shared: bool = False

    def to_json(self) -> JsonObject:
        """A JSON object that `from_json` reads back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self._items()}

    def _items(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in dataclasses.fields(self)]

    @classmethod
    def from_json(cls, value: JsonObject) -> "ModelCard":
        """Read what `to_json` wrote."""
        fields = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
        return cls(**cast(dict[str, Any], {**fields, "task": Task(str(fields["task"]))}))


def in_words(card: ModelCard, index: int | None, several: Sequence[int] | None, number: float | None) -> str:
    """An answer or a truth as people read it: a class, "a, b", "none of them", or a number; "" for nothing."""
    if index is not None:
        return card.classes[index]
    if several is not None:
        return ", ".join(card.classes[item] for item in several) or "none of them"
    return "" if number is None else f"{number:.4g}"
