"""The recipe that is chosen from the pictures and the machine."""

import pytest

from core.recipes import ACCURATE, SMALL, DataFacts, choose_recipe, hyper_rule


def facts(**changes: object) -> DataFacts:
    return DataFacts(**{"pictures": 500, "side": 400, "balance": 1.5, "gpu": False, "backbone": SMALL, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pictures", "steps", "mixup"), [(19_999, 500, 0.0), (20_000, 10_000, 0.1), (500_000, 20_000, 0.1)]
)
def test_the_size_of_the_data_decides_steps_and_mixup_as_in_the_paper(pictures: int, steps: int, mixup: float) -> None:
    rule = hyper_rule(pictures, 300)
    assert (rule.steps, rule.mixup, rule.image_size) == (steps, mixup, 0)
    assert hyper_rule(pictures, 96).image_size == 128


def test_few_pictures_teach_the_head_more_thaw_the_network_and_many_with_a_gpu_teach_all_of_it() -> None:
    assert choose_recipe(facts(pictures=60)).recipe.tune == "head"
    assert choose_recipe(facts()).recipe.tune == "gradual"
    assert choose_recipe(facts(pictures=5000)).recipe.tune == "gradual"
    assert choose_recipe(facts(pictures=5000, gpu=True)).recipe.tune == "all"


@pytest.mark.parametrize("pictures", [30, 5000])
def test_where_the_network_knows_little_all_of_it_learns_at_one_rate_to_the_end(pictures: int) -> None:
    choice = choose_recipe(facts(pictures=pictures, weights="bundled", photographs=False))
    recipe = choice.recipe
    assert (recipe.tune, recipe.backbone_factor, recipe.patience, recipe.weights) == ("all", 1.0, 0, "bundled")
    assert recipe.epochs >= 5 and not recipe.zero_gamma
    assert choice.reasons[0] == "The whole network learns, and as fast as its last layer: it does not know much yet."
    nothing = choose_recipe(facts(pictures=pictures, weights="none", photographs=False)).recipe
    assert (nothing.tune, nothing.weights, nothing.zero_gamma) == ("all", "none", True)
    tiny = choose_recipe(facts(pictures=pictures, backbone="graft:tiny_cnn", weights="none", photographs=False))
    assert tiny.recipe.tune == "two_step" and tiny.reasons[0].startswith("Its two branches learn apart first")


def test_a_gpu_finds_its_batch_by_trying_where_enough_steps_are_left() -> None:
    assert choose_recipe(facts(pictures=5000)).recipe.batch_size == 32
    assert choose_recipe(facts(pictures=5000, gpu=True)).recipe.batch_size == 0
    words = "in 781 steps of 32, or fewer and larger ones if this GPU is faster with them; for so many"
    assert words in choose_recipe(facts(pictures=5000, gpu=True)).because["epochs"]
    assert "fewer and larger" in choose_recipe(facts(pictures=3200, gpu=True)).because["epochs"]
    assert "fewer and larger" not in choose_recipe(facts(pictures=3199, gpu=True)).because["epochs"]
    assert "fewer and larger" not in choose_recipe(facts(pictures=5000)).because["epochs"]


def test_the_network_is_a_small_one_without_a_gpu_or_where_an_accurate_one_has_nothing_to_start_from() -> None:
    accurate = choose_recipe(facts(gpu=True, backbone=ACCURATE))
    assert accurate.recipe.backbone == ACCURATE and "because there is a GPU" in accurate.reasons[1]
    assert "cannot be reached from here" in choose_recipe(facts(gpu=True)).reasons[1]


def test_every_choice_has_its_sentence() -> None:
    choice = choose_recipe(facts(side=64, balance=9.0))
    assert choice.recipe.preset == "automatic" and choice.recipe.backbone == "mobilenet_v3_small"
    assert (choice.recipe.image_size, choice.recipe.epochs, choice.recipe.imbalance) == (128, 32, "weights")
    assert choice.reasons == (
        "The network thaws from the top down: 500 pictures are too few to let all of it go at once.",
        "The network is a small one, because there is no GPU.",
        "It looks at the pictures in 128 × 128 pixels: with sides of about 64, they hold no more detail.",
        "Pictures are mirrored, turned, shifted and lit differently each time: harder to learn by heart.",
        "It looks at every picture at most 32 times, in 500 steps of 32; for so many the BiT-HyperRule (Kolesnikov et "
        "al. 2020) takes 500.",
        "Rare classes weigh more: the commonest has 9 times the rarest's pictures.",
    )
    assert choose_recipe(facts()).recipe.imbalance == "ignore"
    assert choose_recipe(facts()).reasons[-1] == (
        "All pictures count alike: the commonest class has fewer than 5 times the rarest's pictures."
    )
    assert "classes" not in " ".join(choose_recipe(facts(balance=0.0)).reasons)
    few = choose_recipe(facts(pictures=108))
    assert (few.recipe.epochs, few.recipe.batch_size) == (40, 10)
    assert "40 times, in 432 steps of 10; " in few.because["epochs"] and "takes 500" in few.because["epochs"]
    assert few.because["image_size"] == "It looks at the pictures in 224 × 224 pixels: the network's own size."
    many = choose_recipe(facts(pictures=30_000))
    assert many.recipe.mixup == 0.1 and "blended" in many.because["mixup"]
    assert "as it is" in choose_recipe(facts(pictures=60)).because["augmentation"]
    assert "partly hidden" in choose_recipe(facts(pictures=5000, gpu=True)).because["augmentation"]


def test_nothing_is_told_as_chosen_that_a_person_sets_or_that_is_not_known() -> None:
    choice = choose_recipe(facts(side=64, balance=9.0))
    assert list(choice.because) == ["tune", "backbone", "image_size", "augmentation", "epochs", "imbalance"]
    assert list(choice.without(["backbone", "batch_size"]).because) == [
        "tune",
        "image_size",
        "augmentation",
        "imbalance",
    ]
    assert choice.without(["seed"]) == choice and choice.without(["epochs"]).recipe == choice.recipe
    assert choose_recipe(facts(side=0)).recipe.image_size == 0, "of no pictures no side is known"
