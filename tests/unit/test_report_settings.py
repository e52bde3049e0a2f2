"""A recipe's settings in the words of a report."""

import dataclasses
import typing

import pytest

from core.exchange.report.settings import (
    ERASED,
    MEANING,
    NOT_USED,
    OF_NUMBERS,
    OPTIMIZERS,
    VARIED,
    meaning,
    optimizer,
    side_of,
    started,
    tuned,
    varied,
    with_article,
)
from core.recipes import PRESETS, Recipe, balancing
from core.types import Task


@pytest.mark.parametrize(
    ("tune", "words"),
    [
        ("last:0", "its features were kept and a linear head was trained on varied pictures"),
        ("last:1", "its last stage of five and a linear head were fine-tuned"),
        ("last:5", "all its weights were fine-tuned"),
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
    assert meaning("image_size", 0, recipe, Task.SINGLE) == "the network's own: 299 pixels"
    assert side_of({**recipe, "image_size": 128}) == 128
    assert "pixels" in meaning("image_size", 128, recipe, Task.SINGLE)


def test_what_is_off_says_so_and_every_number_says_what_it_counts() -> None:
    recipe = Recipe().to_json()
    for name in ("mixup", "cutmix", "label_smoothing", "ema", "zero_gamma", "layer_decay"):
        assert meaning(name, recipe[name], recipe, Task.SINGLE) == "off", name
    numbers = {name for name, hint in typing.get_type_hints(Recipe).items() if hint in (int, float)}
    assert numbers <= set(OF_NUMBERS)
    for name in numbers:
        assert meaning(name, 0.25, {**recipe, name: 0.25}, Task.SINGLE) == OF_NUMBERS[name], name


def test_what_a_training_does_not_use_is_not_told_as_if_it_were() -> None:
    head = PRESETS["instant"].with_settings({"augmentation": "strong", "optimizer": "sgd", "mixup": "0.2"}).to_json()
    for name in ("augmentation", "mixup", "backbone_factor", "warmup", "batch_size"):
        assert meaning(name, head[name], head, Task.SINGLE) == NOT_USED, name
    assert (meaning("optimizer", "sgd", head, Task.SINGLE), optimizer(head)) == ("AdamW", "AdamW")
    whole = PRESETS["thorough"].with_settings({"optimizer": "sgd"}).to_json()
    assert optimizer(whole) == OPTIMIZERS["sgd"] and meaning("mixup", 0.2, whole, Task.SINGLE) != NOT_USED
    for name in ("imbalance", "mixup", "label_smoothing"):
        assert meaning(name, whole[name], whole, Task.REGRESSION) == NOT_USED, name
    assert meaning("zero_gamma", True, {**whole, "zero_gamma": True}, Task.SINGLE) == NOT_USED, "it has begun already"
    assert "Huber" in meaning("loss", "standard", whole, Task.REGRESSION)
    assert "Huber" not in meaning("loss", "standard", whole, Task.SINGLE)
    assert meaning("loss", "squared", whole, Task.REGRESSION) == "the error's square"


@pytest.mark.parametrize(
    ("asked", "tune", "task", "done"),
    [
        ("weights", "head", Task.SINGLE, "weights"),
        ("sampling", "all", Task.ORDINAL, "sampling"),
        ("sampling", "head", Task.SINGLE, "ignore"),  # a head learns from all pictures at once
        ("logits", "all", Task.MULTI, "logits"),
        ("ignore", "all", Task.MULTI, "ignore"),
        ("weights", "all", Task.REGRESSION, ""),
    ],
)
def test_what_was_done_for_rare_classes_is_told_as_it_was(asked: str, tune: str, task: Task, done: str) -> None:
    recipe = Recipe(imbalance=asked, tune=tune).to_json()  # type: ignore[arg-type]
    assert balancing(recipe, task) == done
    assert (meaning("imbalance", asked, recipe, task) == NOT_USED) is (done != asked and done in ("", "ignore"))


def test_how_pictures_were_varied_and_hidden_is_one_phrase() -> None:
    recipe = PRESETS["balanced"].to_json()
    assert varied({**recipe, "augmentation": "none"}) == ""
    assert varied({**recipe, "augmentation": "none", "erase": 0.1}) == ERASED
    assert varied({**recipe, "erase": 0.1}) == f"{VARIED['standard']} and {ERASED}"
    assert varied({**recipe, "erase": 0.1, "tune": "head"}) == "", "it sees each picture once, as it is"


def test_a_network_s_name_begins_a_sentence_with_its_article() -> None:
    assert (with_article("efficientnet_b0"), with_article("resnet18")) == ("An efficientnet_b0", "A resnet18")


def test_every_choice_of_a_setting_has_words() -> None:
    hints = typing.get_type_hints(Recipe)
    assert set(VARIED) == set(typing.get_args(hints["augmentation"]))
    for name in ("framing", "imbalance", "loss", "schedule"):
        assert set(MEANING[name]) == set(typing.get_args(hints[name])), name
    assert set(MEANING) <= {field.name for field in dataclasses.fields(Recipe)}
