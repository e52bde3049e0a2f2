"""The value that says how a network is trained: JSON there and back, and what it refuses."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.recipes import PRESETS, Recipe
from core.recipes.earlier import EarlierModel, earlier_model

recipes = st.builds(
    dataclasses.replace,
    st.sampled_from(sorted(PRESETS.values(), key=lambda item: item.preset)),
    epochs=st.integers(1, 10_000), image_size=st.sampled_from([0, 16, 224, 2048]), learning_rate=st.floats(1e-8, 10),
    mixup=st.floats(0, 10), ema=st.floats(0, 0.99999), seed=st.integers(0, 2**31 - 1),
    tune=st.sampled_from(["head", "gradual", "all", "last:2", "norm", "bias", "attention", "lora:8"]),
    weights=st.one_of(st.sampled_from(["imagenet", "bundled", "none", "run:7"]), st.text().map("file:{}".format)),
)  # fmt: skip


@given(recipes)
def test_a_recipe_comes_back_from_json_as_it_was(recipe: Recipe) -> None:
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe and again.hash == recipe.hash


def test_a_recipe_written_before_a_field_was_there_is_read_as_it_was_meant() -> None:
    def earlier(recipe: Recipe) -> Recipe:
        later = ("erase", "schedule", "no_bias_decay")
        return Recipe.from_json({name: value for name, value in recipe.to_json().items() if name not in later})

    assert earlier(PRESETS["balanced"]) == PRESETS["balanced"]
    assert earlier(PRESETS["thorough"]) == PRESETS["thorough"], "strong variation hid parts of every fourth picture"


@given(recipes, st.integers(1, 9_999))
def test_another_value_is_another_hash(recipe: Recipe, epochs: int) -> None:
    other = dataclasses.replace(recipe, epochs=epochs)
    assert (other.hash == recipe.hash) == (epochs == recipe.epochs)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("epochs", "0", "epochs must lie between 1 and 10,000, not 0."),
        ("epochs", "many", "epochs must be a whole number"),
        ("learning_rate", "nan", "learning_rate must lie between"),
        ("image_size", "1", "A network sees nothing in 1 pixels. Choose 16 or more; 0: its own."),
        ("tune", "lora", "tune cannot be 'lora'."),
        ("optimizer", "lion", "optimizer cannot be 'lion'."),
        ("weights", "photos", "weights cannot be 'photos'."),
        ("nonsense", "1", "A recipe has no field 'nonsense'."),
    ],
)
def test_what_a_recipe_cannot_be_is_said_with_the_field(field: str, value: str, words: str) -> None:
    with pytest.raises(BadInput) as told:
        PRESETS["balanced"].with_settings({field: value})
    assert words in str(told.value)


@pytest.mark.parametrize("field", [name for name, value in Recipe().to_json().items() if type(value) in (int, float)])
def test_no_number_of_a_recipe_may_be_less_than_nothing(field: str) -> None:
    with pytest.raises(BadInput, match=f"{field} must lie between"):
        PRESETS["balanced"].with_settings({field: "-1"})


@pytest.mark.parametrize(
    ("weights", "earlier", "words"),
    [("run:5", EarlierModel(5), "run 5"), ("run:12/fold-3", EarlierModel(12, 3), "run 12, fold 3")],
)
def test_weights_of_an_earlier_run_or_of_one_of_its_folds_are_known_by_name(
    weights: str, earlier: EarlierModel, words: str
) -> None:
    assert earlier_model(weights) == earlier and earlier.weights == weights
    assert (earlier.folder, earlier.words) == (weights.removeprefix("run:"), words)


@pytest.mark.parametrize("weights", ["imagenet", "run:", "run:5/fold-", "run:5/best", "file:run:5", "run:５"])
def test_other_weights_are_of_no_earlier_run(weights: str) -> None:
    assert earlier_model(weights) is None


def test_what_a_run_found_fastest_takes_the_place_of_what_was_left_open() -> None:
    found = Recipe().decided({"precision": "bfloat16", "batch_size": 64, "compile": "off", "frozen": "kept"})
    assert found == Recipe(precision="bfloat16", batch_size=64, compile="off"), "and what is no setting is left out"
