"""Words that pages share: the same thing has one name."""

import pytest

from app.parts.starts import START_WORDS, start_of
from app.parts.study_form import STARTS


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


def test_comparisons_of_networks_offer_starts_by_their_usual_names() -> None:
    assert set(STARTS) <= set(START_WORDS)
