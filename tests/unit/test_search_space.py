"""What a search may vary, as a value."""

import dataclasses
import json

import pytest

from core.errors import BadInput
from core.recipes import AXES, PRESETS, Options, Recipe, Span, search_space
from core.types import Task


def test_every_axis_is_a_field_of_the_recipe_and_its_ends_are_allowed() -> None:
    fields = {item.name for item in dataclasses.fields(Recipe)}
    for name, axis in AXES.items():
        assert name in fields
        space = search_space(PRESETS["balanced"], [name])
        for value in axis.values if isinstance(axis, Options) else (axis.low, axis.high):
            space.recipe({name: value})


def test_the_start_lies_on_its_own_axes() -> None:
    start = PRESETS["balanced"].with_settings({"augmentation": "light", "tune": "norm", "weight_decay": "0"})
    space = search_space(start, ["learning_rate", "tune", "augmentation", "weight_decay"], ["resnet18", "resnet34"])
    values = space.values_of_start()
    assert values == {
        "learning_rate": 1.0, "tune": "norm", "augmentation": "light", "weight_decay": 1e-4, "backbone": "resnet18",
    }  # fmt: skip
    assert space.recipe(values) == dataclasses.replace(start, weight_decay=1e-4, backbone="resnet18")
    assert isinstance(space.axes["tune"], Options) and "norm" in space.axes["tune"].values


def test_the_learning_rate_is_a_factor_so_that_a_head_alone_keeps_its_own_scale() -> None:
    space = search_space(PRESETS["balanced"], ["learning_rate", "tune"])
    assert space.recipe({"learning_rate": 2.0, "tune": "all"}).learning_rate == pytest.approx(4e-3)
    head = space.recipe({"learning_rate": 2.0, "tune": "head"})
    assert (head.learning_rate, head.epochs) == (pytest.approx(2e-2), PRESETS["instant"].epochs)


def test_what_a_person_has_set_is_so_in_every_trial_also_of_a_head_alone() -> None:
    start = PRESETS["balanced"].with_settings({"epochs": "3", "patience": "0", "weight_decay": "0.07"})
    space = search_space(start, ["learning_rate", "tune"], held=["epochs", "patience", "weight_decay"])
    head = space.recipe({"learning_rate": 0.5, "tune": "head"})
    assert (head.tune, head.epochs, head.patience, head.weight_decay) == ("head", 3, 0, 0.07)
    assert head.learning_rate == pytest.approx(0.5 * PRESETS["instant"].learning_rate)
    rate = search_space(start, ["tune"], held=["learning_rate"]).recipe({"tune": "head"})
    assert (rate.learning_rate, rate.epochs) == (start.learning_rate, PRESETS["instant"].epochs)


def test_what_a_person_has_set_holds_from_nothing_too() -> None:
    start = PRESETS["balanced"].with_settings({"weights": "none", "backbone_factor": "0.3"})
    assert search_space(start, ["mixup"]).start.backbone_factor == 1.0
    assert search_space(start, ["mixup"], held=["backbone_factor"]).start.backbone_factor == 0.3


def test_what_is_set_cannot_vary_too() -> None:
    with pytest.raises(BadInput, match="tune is set, which holds for all trials: it cannot vary, too"):
        search_space(PRESETS["balanced"], ["learning_rate", "tune"], held=["tune"])
    with pytest.raises(BadInput, match="backbone is set"):
        search_space(PRESETS["balanced"], ["tune"], ["resnet18", "resnet34"], held=["backbone"])


@pytest.mark.parametrize("preset", ["instant", "balanced"])
@pytest.mark.parametrize("tune", ["head", "gradual", "last:2", "all"])
def test_a_trial_that_is_told_by_its_fields_gives_its_recipe_again(preset: str, tune: str) -> None:
    space = search_space(PRESETS[preset], list(AXES), ["resnet18", "resnet34"])
    tried = {"learning_rate": 0.37, "tune": tune, "weight_decay": 0.02, "augmentation": "strong", "mixup": 0.2,
             "backbone_factor": 0.3, "label_smoothing": 0.1, "imbalance": "sampling",
             "backbone": "resnet34"}  # fmt: skip
    for names in (list(tried), ["learning_rate", "tune"], ["tune"], ["weight_decay"]):
        recipe = space.recipe({name: tried[name] for name in names})  # type: ignore[misc]
        told = {name: getattr(recipe, name) for name in names}
        assert space.recipe_of(json.loads(json.dumps(told))) == recipe


@pytest.mark.parametrize(
    ("task", "loss", "asked", "tried"),
    [
        (Task.SINGLE, "standard", "sampling", ("ignore", "weights", "logits", "sampling")),
        (Task.MULTI, "standard", "effective", ("ignore", "weights", "logits", "sampling", "effective")),
        (Task.MULTI, "asymmetric", "weights", ("ignore", "sampling")),
    ],
)
def test_for_rare_classes_only_what_changes_something_is_tried(
    task: Task, loss: str, asked: str, tried: tuple[str, ...]
) -> None:
    start = PRESETS["balanced"].with_settings({"imbalance": asked, "loss": loss})
    space = search_space(start, ["imbalance"], task=task)
    assert space.axes["imbalance"] == Options(tried)
    assert space.start.imbalance == (asked if asked in tried else "ignore"), "what it is, in effect"


def test_numbers_have_no_rare_classes_to_search_for() -> None:
    space = search_space(PRESETS["balanced"], ["imbalance", "mixup"], task=Task.REGRESSION)
    assert list(space.axes) == ["mixup"] and space.start.imbalance == "ignore"
    with pytest.raises(BadInput, match="nothing to search"):
        search_space(PRESETS["balanced"], ["imbalance"], task=Task.REGRESSION)


def test_from_nothing_there_is_nothing_to_freeze() -> None:
    space = search_space(PRESETS["instant"].with_settings({"weights": "none"}), ["tune", "mixup"])
    assert set(space.axes) == {"mixup"} and space.start.tune == "all"


@pytest.mark.parametrize(("fields", "words"), [(["colour"], "'colour' cannot be searched"), ([], "nothing to search")])
def test_what_cannot_be_searched_is_said(fields: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        search_space(PRESETS["balanced"], fields)


def test_spans_are_positive() -> None:
    assert all(0 < axis.low < axis.high for axis in AXES.values() if isinstance(axis, Span))
