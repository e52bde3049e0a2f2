"""What a model card tells, as a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.catalogue import ModelCard
from core.types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a model card tells. Figures come from `results`, what `graft results --json` gives.

    people      who labelled: names and how
    notes       what there was to say of the training
    external    tests on other projects: name and results
    robustness  what `graft robustness --json` gives, or None
    check       what `graft check --json` gives of the project's data, or None
    """

    project: str
    guideline: str
    unit: str
    synthetic: bool
    run: int
    name: str
    trained_at: datetime
    recipe: JsonObject
    notes: Sequence[str]
    card: ModelCard
    version: int
    people: Sequence[str]
    results: JsonObject
    external: Sequence[tuple[str, JsonObject]]
    robustness: JsonObject | None
    check: JsonObject | None
    onnx_problem: str
    code_version: str
