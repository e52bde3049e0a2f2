"""Numbers in sentences."""

import pytest

from core.words import between, count, labeller


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 pictures"), (1, "1 picture"), (2, "2 pictures"), (1200, "1,200 pictures")]
)
def test_one_is_one_and_all_others_are_several(number: int, words: str) -> None:
    assert count(number, "picture") == words


def test_irregular_words_and_verbs_go_along() -> None:
    assert count(1, "case or group", "cases or groups") == "1 case or group"
    assert count(3, "picture was", "pictures were") == "3 pictures were"


def test_two_shares_that_read_the_same_are_one() -> None:
    assert between(0.297, 0.304) == "30%" and between(0.2, 0.3) == "20% to 30%"


def test_labels_that_came_with_the_pictures_are_nobody_s() -> None:
    assert labeller("import") == "people unknown, before the import" and labeller("Ada") == "Ada"
