"""Settings that change nothing in a training, and what is said of them."""

import pytest

from core.recipes import PRESETS, Recipe, said_of_unused, why_unused
from core.types import Task


@pytest.mark.parametrize(
    ("settings", "task", "said"),
    [
        ({"mixup": "0.2"}, Task.REGRESSION, "mixup changes nothing here: it blends classes, and these are numbers."),
        ({"imbalance": "sampling"}, Task.REGRESSION, "imbalance changes nothing here: numbers have no classes."),
        ({"imbalance": "sampling", "tune": "head"}, Task.SINGLE, "imbalance changes nothing here: the last layer alone "
         "learns from all pictures at once."),
        ({"label_smoothing": "0.1"}, Task.MULTI, "label_smoothing changes nothing here: each class is learnt for "
         "itself."),
        ({"label_smoothing": "0.1", "loss": "focal"}, Task.SINGLE, "label_smoothing changes nothing here: the loss "
         "'focal' has no place for it."),
        ({"zero_gamma": "true", "weights": "bundled"}, Task.SINGLE, "zero_gamma changes nothing here: it is for a "
         "network that starts from nothing."),
        ({"zero_gamma": "true", "weights": "none", "backbone": "densenet121"}, Task.SINGLE, "zero_gamma changes "
         "nothing here: this network has no residual branches."),
        ({"no_bias_decay": "false", "weight_decay": "0"}, Task.SINGLE, "no_bias_decay changes nothing here: there is "
         "no weight decay."),
        ({"schedule": "constant", "tune": "head"}, Task.SINGLE, "schedule changes nothing here: only the last layer "
         "learns, and it sees each picture once, as it is."),
        ({"batch_size": "8", "tune": "head"}, Task.SINGLE, "batch_size changes nothing here: only the last layer "
         "learns, and it sees each picture once, as it is."),
    ],
)  # fmt: skip
def test_a_setting_that_changes_nothing_is_told_with_its_reason(
    settings: dict[str, str], task: Task, said: str
) -> None:
    first = next(iter(settings))
    assert said_of_unused(Recipe().with_settings(settings), [first], task) == (said,)


def test_nothing_is_said_of_settings_that_count_or_that_nobody_set() -> None:
    thorough = PRESETS["thorough"]
    assert said_of_unused(thorough, ["mixup", "label_smoothing", "imbalance", "ema"], Task.SINGLE) == ()
    assert said_of_unused(thorough, [], Task.REGRESSION) == (), "the preset is for all kinds of labels"
    assert said_of_unused(Recipe(), ["mixup"], Task.REGRESSION) == (), "off is off"
    assert said_of_unused(Recipe(imbalance="effective"), ["imbalance"], Task.ORDINAL) == ()


def test_a_loss_that_weighs_classes_itself_leaves_rare_ones_to_it() -> None:
    recipe = Recipe(loss="asymmetric").to_json()
    assert why_unused("imbalance", recipe, Task.MULTI) == "the loss 'asymmetric' weighs classes in its own way"
    assert not why_unused("imbalance", {**recipe, "imbalance": "sampling"}, Task.MULTI), "it only draws pictures"
