"""What a test will be worth is said before anything is trained."""

import numpy as np
import pytest

from core.evaluation import score_classes
from core.splits import SplitItem, lacking_words, outlook
from core.types import ImageId, Split


def divided(train: int, validation: int, test: int, *, each: int = 20, kind: str = "group"):  # type: ignore[no-untyped-def]
    """So many groups in each split, of so many pictures each."""
    sides = [*[Split.TRAIN] * train, *[Split.VALIDATION] * validation, *[Split.TEST] * test]
    items = [
        SplitItem(image_id=ImageId(number * each + index), unit=f"{kind} {number}", stratum="", split=side)
        for number, side in enumerate(sides)
        for index in range(each)
    ]
    return outlook(items, {item.image_id: item.split or Split.TRAIN for item in items})


def test_one_field_in_the_test_says_nothing_of_the_next_one() -> None:
    found = divided(1, 1, 1)
    assert found.warning == (
        "Your 60 pictures come from 3 groups, and only 1 of these would be tested by. The score would hold for that "
        "group and say nothing of others: its interval is as wide as that of a single picture, and some scores are "
        "left out."
    )
    words = "What helps: pictures from more groups (about 50 in all), or a test on pictures of another project."
    assert found.way_out() == words, "two other groups are too few for folds"


def test_a_few_plants_give_a_wide_interval_and_folds_judge_each_of_the_others() -> None:
    found = divided(9, 3, 4, kind="case")
    assert "come from 16 cases, and only 4 of these would be tested by" in found.warning
    assert "and scores that need 10 cases are left out" in found.warning
    assert found.way_out() == (
        "What helps: pictures from more cases (about 50 in all), training fold by fold (each of the 12 others is "
        "judged once), or a test on pictures of another project."
    )
    assert "fold by fold" not in found.way_out(folded=True)


def test_where_many_trainings_are_chosen_from_by_few_groups_luck_is_warned_of() -> None:
    luck = "what is best there may be so by luck, and not on others."
    few = divided(3, 2, 2)
    assert few.warning_of_choice == f"{few.warning} The choice is made by pictures of 2 groups: {luck}"
    assert divided(3, 1, 1).warning_of_choice.endswith(f"by pictures of 1 group: {luck}")
    assert divided(9, 10, 2).warning_of_choice == divided(9, 10, 2).warning != "", "ten to choose by are not few"
    assert divided(2, 0, 0).warning_of_choice == divided(2, 0, 0).warning != "", "there is nothing to choose by"
    assert divided(30, 9, 10, each=1).warning_of_choice == ""


@pytest.mark.parametrize(("train", "validation", "test"), [(30, 10, 10), (60, 20, 20)])
def test_with_ten_in_the_test_nothing_is_said(train: int, validation: int, test: int) -> None:
    found = divided(train, validation, test, each=2)
    assert found.warning == "" and found.way_out() == ""


def test_too_few_to_be_divided_at_all_are_said() -> None:
    found = divided(2, 0, 0)
    assert "2 groups: too few to keep some for choosing and some for testing" in found.warning
    assert "too few to keep some for choosing and some for testing" in divided(2, 1, 0).warning
    assert "too few to keep some for choosing and some for testing" in divided(2, 0, 1).warning
    assert "fold by fold" not in found.way_out()


def test_pictures_without_a_name_count_as_one_each_and_without_any_name_there_is_nothing_to_say() -> None:
    named = [SplitItem(image_id=ImageId(n), unit="group a", stratum="", split=Split.TRAIN) for n in range(10)]
    alone = [SplitItem(image_id=ImageId(n), unit="", stratum="", split=Split.TEST) for n in range(10, 22)]
    found = outlook([*named, *alone], {item.image_id: item.split or Split.TRAIN for item in [*named, *alone]})
    assert found is not None and found.units[Split.TEST] == 12 and found.warning == ""
    assert outlook(alone, {item.image_id: Split.TEST for item in alone}) is None


def scored(fields: int):  # type: ignore[no-untyped-def]
    """80 pictures of so many fields, nine in ten named rightly."""
    truth = np.arange(80) % 2
    said = np.where(np.arange(80) % 10 == 3, 1 - truth, truth)
    shares = np.where(np.stack([said == 0, said == 1], 1), 0.8, 0.2)
    names = [f"group {index % fields}" for index in range(80)]
    return score_classes(truth, said, 2, probabilities=shares, units=names).figures


def test_what_is_said_of_one_field_is_what_the_scores_do() -> None:
    found = scored(1)
    # Wilson's interval of 0.9 hits in 1: centre (0.9 + 1.921) / 4.841, reach 1.96 / 4.841 x sqrt(0.09 + 0.960).
    assert (found["accuracy"].low, found["accuracy"].high) == pytest.approx((0.168, 0.997), abs=0.002)
    assert [name for name in ("auroc", "ece", "brier") if found[name] is None] == ["auroc", "ece", "brier"]


def test_what_is_said_of_few_fields_is_what_the_scores_do() -> None:
    few, many = scored(4), scored(80)
    assert few["accuracy"].high - few["accuracy"].low > 2 * (many["accuracy"].high - many["accuracy"].low)
    assert few["brier"] is None and few["ece"] is None and many["brier"] is not None
    assert few["auroc"] is None and many["auroc"] is not None


def test_of_many_classes_with_too_few_for_the_folds_the_rarest_are_named() -> None:
    apart = {f"class {index}": index for index in range(9)}
    told = lacking_words(apart, "cases", 8)
    assert told.startswith(
        "7 classes are seen in fewer than 8 cases, without those for testing (class 1: 1, class 2: 2, class 3: 3, "
        "class 4: 4, class 5: 5, 2 more): not each of the 8 folds can have one"
    )
    assert "more pictures of these classes" in told
    assert lacking_words({"a": 8, "b": 0}, "cases", 8) == "", "who has none is in no fold's score"
