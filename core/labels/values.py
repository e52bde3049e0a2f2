"""The value of one label, for every task."""

import math
from dataclasses import dataclass

from core.errors import BadInput
from core.types import ClassId, JsonObject, Task

LARGEST = 1e15
"""Of a number that is a label: sums of its square must be numbers, too, also in 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelValue:
    """Class ids (one for single and ordinal, any number for multi) or a number (regression)."""

    classes: tuple[ClassId, ...] = ()
    number: float | None = None

    def to_json(self) -> JsonObject:
        """A JSON object that `from_json` reads back."""
        return {"classes": list(self.classes), "number": self.number}

    @classmethod
    def from_json(cls, value: JsonObject) -> "LabelValue":
        """Read what `to_json` wrote. Raises BadInput for anything else."""
        classes, number = value.get("classes") or [], value.get("number")
        if not isinstance(classes, list) or not all(type(item) is int for item in classes):
            raise BadInput(f"A label's classes must be a list of ids, not {classes!r}.")
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise BadInput(f"A label's number must be a number, not {number!r}.")
        ids = dict.fromkeys(ClassId(item) for item in classes if isinstance(item, int))
        return cls(classes=tuple(ids), number=None if number is None else float(number))

    def check(self, task: Task) -> None:
        """Raise BadInput if this value does not fit the task."""
        if task is Task.REGRESSION:
            if self.number is None or not math.isfinite(self.number):
                raise BadInput("This project's labels are numbers.", hint="Type a number, such as 12.5.")
            if abs(self.number) > LARGEST:
                raise BadInput(
                    f"{self.number:g} is too large to be computed with.",
                    hint="Choose a larger unit, or mend the number.",
                )
        elif task is Task.MULTI:
            if self.number is not None:
                raise BadInput("This project's labels are classes, not numbers.")
        elif len(self.classes) != 1:
            raise BadInput(f"This project wants exactly one class per image, not {len(self.classes)}.")
