"""Words that pages share: the same thing has one name, and none speaks of classes where there may be none."""

import pytest

from app.parts.starts import COMMON, START_WORDS, start_of, start_words
from app.parts.viewer import HONEST
from core.catalogue import EXPLANATIONS


@pytest.mark.parametrize("words", [HONEST, *(item.words for item in EXPLANATIONS.values())])
def test_what_is_said_of_heatmaps_holds_for_numbers_too(words: str) -> None:
    assert "class" not in words


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ("imagenet", "Everyday photographs (ImageNet)"),
        ("none", "Nothing"),
        ("run:12", "run 12"),
        ("file:/data/a:b.pth", "/data/a:b.pth"),
    ],
)
def test_what_a_recipe_starts_from_has_the_name_that_it_is_chosen_by(weights: str, name: str) -> None:
    assert start_of(weights) == name


def test_a_file_of_weights_is_named_as_it_is_in_a_line_of_facts() -> None:
    assert start_words("run:12") == "goes on from run 12"
    assert start_words("file:/a_b_c*.pth") == r"start: /a\_b\_c\*\.pth"


def test_comparisons_of_networks_offer_starts_by_their_usual_names() -> None:
    assert set(COMMON) <= set(START_WORDS)
