"""Where a model is weaker: by anything that is known of the pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.slices import FEWEST, MOST_VALUES, Slice, find_slices, thirds
from core.store.facts import ImageFacts
from core.store.sides import Side
from core.types import ImageId, JsonValue, Task

BRIGHTNESS, SHARPNESS, SIZE = "Brightness", "Sharpness", "Picture size"
_WORDS = {
    BRIGHTNESS: ("darkest third", "middle third", "brightest third"),
    SHARPNESS: ("least sharp third", "middle third", "sharpest third"),
    SIZE: ("smallest third", "middle third", "largest third"),
}
_THIRDS = ("lowest third", "middle third", "highest third")
_NUMBERS_FROM = 9
"""Different numbers in a column from which it is a measure, not a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakSpots:
    """Groups of pictures, the clearly weaker ones first. `slices[i].positions` are positions in `images`.

    attributes  what was looked at; `needed` pictures a group must have
    share       whether values are shares of right answers; else mean errors of numbers
    """

    slices: tuple[Slice, ...]
    attributes: tuple[str, ...]
    images: tuple[ImageId, ...]
    needed: int
    share: bool

    @property
    def clear(self) -> tuple[Slice, ...]:
        """Those that are clearly weaker."""
        return tuple(item for item in self.slices if item.clear)


def weak_spots(side: Side, facts: Mapping[ImageId, ImageFacts]) -> WeakSpots:
    """Every group of the pictures by everything known of them."""
    attributes = _attributes(side, [facts.get(item.image_id or ImageId(0)) for item in side.records])
    numbers = side.task is Task.REGRESSION
    return WeakSpots(
        slices=find_slices(side.off if numbers else side.right, attributes, side.units),
        attributes=tuple(attributes),
        images=tuple(item.image_id or ImageId(0) for item in side.records),
        needed=FEWEST,
        share=not numbers,
    )


def _attributes(side: Side, facts: Sequence[ImageFacts | None]) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {
        "Group": [name or None for name in side.groups],
        BRIGHTNESS: _banded(BRIGHTNESS, [item.get("light") for item in side.traits]),
        SHARPNESS: _banded(SHARPNESS, [item.get("sharp") for item in side.traits]),
        SIZE: _banded(SIZE, [None if item is None else float(min(item.width, item.height)) for item in facts]),
        "Shape": [None if item is None else _shape(item) for item in facts],
        "File format": [None if item is None else item.format for item in facts],
        "Month": [f"{item.captured_at:%B}" if item and item.captured_at else None for item in facts],
    }
    for key in dict.fromkeys(key for item in facts if item for key in item.extra):
        name = key[:1].upper() + key[1:]
        found[name if name not in found else f"{name} (table)"] = _column(
            [item.extra.get(key) if item else None for item in facts]
        )
    return {name: values for name, values in found.items() if len({*values} - {None}) > 1}


def _banded(name: str, values: Sequence[float | None]) -> list[str | None]:
    bands = thirds(values, _WORDS[name])
    return [f"{value} px" if value and value[0].isdigit() else value for value in bands] if name == SIZE else bands


def _shape(item: ImageFacts) -> str:
    ratio = item.width / item.height
    return "wide" if ratio > 1.1 else "tall" if ratio < 0.9 else "square"


def _column(values: Sequence[JsonValue]) -> list[str | None]:
    """A table's column: numbers of many kinds become thirds, a column with a name for nearly every picture nothing."""
    texts = [str(value).strip() or None if value is not None else None for value in values]
    numbers = [_number(text) for text in texts]
    kinds = {text for text in texts if text}
    if len(kinds) >= _NUMBERS_FROM and all(
        number is not None for text, number in zip(texts, numbers, strict=True) if text
    ):
        return thirds(numbers, _THIRDS)
    return texts if len(kinds) <= max(MOST_VALUES, len(texts) // FEWEST) else [None] * len(texts)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
