"""What people are told of a preset, on the page and of Automatic's choices, is what it does."""

from app.parts.recipe_words import PRESET_WORDS
from core.recipes import PRESETS
from core.recipes.rules import VARIED

INSTANT, BALANCED, THOROUGH = PRESETS["instant"], PRESETS["balanced"], PRESETS["thorough"]


def test_instant_looks_once_and_learns_only_the_last_layer() -> None:
    assert "Looks at each picture once and learns only the last layer" in PRESET_WORDS["instant"][1]
    assert (INSTANT.tune, INSTANT.augmentation) == ("head", "none")


def test_balanced_lets_the_network_adapt_gently_after_the_last_layer() -> None:
    assert "Learns the last layer first, then lets the network adapt" in PRESET_WORDS["balanced"][1]
    assert BALANCED.tune == "gradual" and BALANCED.backbone_factor < THOROUGH.backbone_factor < 1
    assert VARIED[BALANCED.augmentation].startswith("Pictures are mirrored, turned")
    assert not BALANCED.mixup and not BALANCED.erase, "which Automatic would have to say"


def test_thorough_takes_longest_and_learns_all_from_varied_hidden_and_blended_pictures() -> None:
    assert "Longest" in PRESET_WORDS["thorough"][1] and THOROUGH.epochs > BALANCED.epochs
    assert "All of it learns, from varied and blended pictures" in PRESET_WORDS["thorough"][1]
    assert THOROUGH.tune == "all" and THOROUGH.mixup > 0
    assert "strongly varied, partly hidden and blended in pairs" in VARIED[THOROUGH.augmentation] and THOROUGH.erase > 0
