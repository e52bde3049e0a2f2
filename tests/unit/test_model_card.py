"""What a model card says of one task and not of another."""

import dataclasses
from datetime import UTC, datetime

import pytest

from core.catalogue import ModelCard
from core.exchange.model_card import ModelFacts, model_card_text
from core.recipes import Recipe
from core.types import JsonObject, Task


@pytest.fixture
def facts() -> ModelFacts:
    card = ModelCard(
        backbone="resnet18", task=Task.SINGLE, classes=("healthy", "rust"), class_ids=(1, 2), image_size=64,
        framing="squash", mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), temperature=1.25,
    )  # fmt: skip
    none: JsonObject = {name: {} for name in ("metrics", "intervals", "per_class", "calibration", "counts", "splits")}
    results = {**none, "split_rule": "by case", "dataset_hash": "0" * 64}
    return ModelFacts(
        project="Leaves", guideline="", unit="", synthetic=False, run=1, name="", trained_at=datetime.now(UTC),
        recipe=Recipe().to_json(), card=card, version=1, people=(), results=results, external=(), robustness=None, check=None,
        onnx_problem="", code_version="",
    )  # fmt: skip


def test_a_model_that_says_numbers_has_no_probabilities_to_calibrate(facts: ModelFacts) -> None:
    assert "calibrated by one temperature (1.2500" in model_card_text(facts)
    number = dataclasses.replace(facts.card, task=Task.REGRESSION, classes=())
    assert "temperature" not in model_card_text(dataclasses.replace(facts, card=number))
