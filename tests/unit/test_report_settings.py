"""A recipe's settings in the words of a report."""

import dataclasses
import typing

import pytest

from core.exchange.report.settings import MEANING, VARIED, meaning, side_of, started, tuned
from core.recipes import PRESETS, Recipe


@pytest.mark.parametrize(
    ("tune", "words"),
    [
        ("last:0", "its features were kept and a linear head was trained on varied pictures"),
        ("last:1", "its last stage of five and a linear head were fine-tuned"),
        ("last:3", "its last 3 stages of five and a linear head were fine-tuned"),
        ("lora:8", "additions of rank 8 to its linear layers (LoRA) and a linear head were trained"),
        ("two_step", "its two branches were trained apart, then joined and unfrozen from the top"),
    ],
)
def test_what_learnt_is_told_as_it_was(tune: str, words: str) -> None:
    assert tuned({"tune": tune}) == words


@pytest.mark.parametrize("tune", ["head", "gradual", "two_step", "all", "norm", "bias", "attention"])
def test_every_named_part_has_words_of_its_own(tune: str) -> None:
    assert tuned({"tune": tune}) != tuned({"tune": "unheard of"})


def test_where_the_weights_came_from() -> None:
    assert started({"weights": "run:12"}) == "initialised from an earlier model (run 12)"
    assert started({"weights": "file:/home/anna/secret/a.pt"}) == "initialised from a file of weights"
    assert started({"weights": "none"}) == "with random weights"


def test_a_side_of_nought_is_the_networks_own() -> None:
    recipe = PRESETS["balanced"].with_settings({"backbone": "inception_v3"}).to_json()
    assert side_of(recipe) == 299
    assert meaning("image_size", 0, recipe) == "the network's own: 299 pixels"
    assert (side_of({**recipe, "image_size": 128}), meaning("image_size", 128, recipe)) == (128, "")


def test_what_is_off_says_so_and_a_plain_number_says_nothing() -> None:
    recipe = Recipe().to_json()
    for name in ("mixup", "cutmix", "label_smoothing", "ema", "zero_gamma", "layer_decay"):
        assert meaning(name, recipe[name], recipe) == "off", name
    assert meaning("seed", 0, recipe) == ""
    assert meaning("mixup", 0.2, recipe) == ""


def test_every_choice_of_a_setting_has_words() -> None:
    hints = typing.get_type_hints(Recipe)
    assert set(VARIED) == set(typing.get_args(hints["augmentation"]))
    for name in ("framing", "imbalance", "loss"):
        assert set(MEANING[name]) == set(typing.get_args(hints[name])), name
    assert set(MEANING) <= {field.name for field in dataclasses.fields(Recipe)}
