"""Groups of recipes that answer a question, and the chart of depths."""

import pytest

from core.catalogue import backbone_info
from core.charts import depths_figure, depths_info
from core.evaluation import Interval
from core.models.weights import TIMM
from core.recipes import DEPTHS, PRESETS, PUBLISHED, depth_recipes, from_nothing, network_recipes, starting_from


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_networks_of_published_comparisons_are_in_the_catalogue(name: str) -> None:
    for backbone in PUBLISHED[name].backbones:
        info = backbone_info(backbone)
        assert info.name == backbone
        assert info.pretrained or backbone.startswith("graft:")
    assert TIMM == "timm:"


def test_each_network_starts_from_its_weights_and_if_asked_also_from_nothing() -> None:
    recipes = network_recipes(PRESETS["instant"], [("resnet18", True), ("graft:tiny_cnn", False)], scratch=True)
    assert [(item.backbone, item.weights, item.tune) for item in recipes] == [
        ("resnet18", "imagenet", "head"), ("resnet18", "none", "all"), ("graft:tiny_cnn", "none", "two_step"),
    ]  # fmt: skip
    assert recipes[1].epochs == PRESETS["balanced"].epochs
    (own,) = network_recipes(PRESETS["balanced"], [("graft:tiny_cnn", False)], scratch=False)
    assert (own.weights, own.tune) == ("none", "two_step"), "there is nothing else to start it from"
    offline = PRESETS["balanced"].with_settings({"weights": "none"})
    assert len(network_recipes(offline, [("resnet18", True)], scratch=True)) == 1


def test_depths_go_from_the_head_alone_to_everything() -> None:
    recipes = depth_recipes(PRESETS["balanced"])
    assert tuple(item.tune for item in recipes) == DEPTHS
    assert len({(item.epochs, item.patience, item.learning_rate, item.augmentation) for item in recipes}) == 1


def test_a_recipe_for_the_head_alone_keeps_what_was_set_where_a_network_must_learn() -> None:
    asked = PRESETS["instant"].with_settings({"epochs": "7", "seed": "3"})
    for recipe in (from_nothing(asked), depth_recipes(asked)[0]):
        assert (recipe.epochs, recipe.seed, recipe.preset) == (7, 3, "instant")
        assert recipe.learning_rate == PRESETS["balanced"].learning_rate
    assert from_nothing(PRESETS["thorough"]).epochs == PRESETS["thorough"].epochs


def test_only_weights_that_know_photographs_are_changed_gently() -> None:
    gentle = starting_from(PRESETS["balanced"], "imagenet", photographs=True)
    assert gentle == PRESETS["balanced"]
    bold = starting_from(PRESETS["thorough"], "bundled", photographs=False)
    assert (bold.tune, bold.backbone_factor, bold.patience, bold.weights) == ("all", 1.0, 0, "bundled")
    assert bold.mixup == PRESETS["thorough"].mixup
    assert starting_from(PRESETS["instant"], "bundled", photographs=False).tune == "head"
    nothing = starting_from(PRESETS["instant"], "none", photographs=False)
    assert nothing == from_nothing(PRESETS["instant"])


def test_the_chart_of_depths_leaves_out_what_has_no_score() -> None:
    info = depths_info(["head", "last 1 stage", "all"], [Interval(0.5, 0.4, 0.6), None, Interval(0.7, 0.6, 0.8)])
    assert (info.names, info.values, info.low) == (("head", "all"), (0.5, 0.7), (0.4, 0.6))
    figure = depths_figure(info, "Accuracy")
    assert list(figure.data[1].y) == [50.0, 70.0]
    assert list(figure.data[0].y) == [60.0, 80.0, 60.0, 40.0]
