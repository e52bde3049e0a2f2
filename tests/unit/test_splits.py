"""Splits."""

from hypothesis import given
from hypothesis import strategies as st

from core.splits import SplitItem, assign_splits, class_strata, number_strata
from core.types import ImageId, Split


def item(number: int, unit: str = "", stratum: str = "a", split: Split | None = None) -> SplitItem:
    return SplitItem(image_id=ImageId(number), unit=unit, stratum=stratum, split=split)


def test_five_images_of_each_class_are_split_three_one_one() -> None:
    items = [item(number, stratum="ab"[number % 2]) for number in range(10)]
    splits = assign_splits(items)
    for stratum in "ab":
        values = [splits[entry.image_id] for entry in items if entry.stratum == stratum]
        assert [values.count(split) for split in Split] == [3, 1, 1]


def test_five_fields_that_all_have_every_class_are_enough_for_three_splits() -> None:
    rows = [(field, stratum) for field in range(5) for stratum in range(5) for _ in range(12 + (field == stratum))]
    splits = assign_splits([item(n, f"field {field}", str(stratum)) for n, (field, stratum) in enumerate(rows)])
    fields = [{splits[ImageId(n)] for n, row in enumerate(rows) if row[0] == field} for field in range(5)]
    assert [sum(found == {split} for found in fields) for split in Split] == [3, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc")), min_size=1, max_size=60))
def test_a_case_is_never_cut_and_more_images_move_none(rows: list[tuple[int, str]]) -> None:
    items = [item(index, f"case {case}", stratum) for index, (case, stratum) in enumerate(rows)]
    splits = assign_splits(items)
    for case in range(6):
        assert len({splits[entry.image_id] for entry in items if entry.unit == f"case {case}"}) <= 1
    sticky = [item(index, entry.unit, entry.stratum, splits[entry.image_id]) for index, entry in enumerate(items)]
    later = assign_splits([*sticky, item(999, "case 77")])
    assert all(later[image] is split for image, split in splits.items())


def test_what_has_a_split_already_counts_for_what_comes() -> None:
    there = [item(number, split=Split.TRAIN) for number in range(10)]
    splits = list(assign_splits([*there, *(item(number) for number in range(10, 50))]).values())
    assert [splits.count(split) for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)] == [30, 10, 10]
    test = [item(number, split=Split.TEST) for number in range(10)]
    splits = list(assign_splits([*test, *(item(number) for number in range(10, 30))]).values())
    assert splits.count(Split.TEST) == 10, "more than enough, and what is given is not moved"


def test_the_rest_of_a_case_goes_where_the_first_of_it_is() -> None:
    known = [item(1, "case 1", split=Split.TEST), item(2, "case 1", split=Split.VALIDATION), item(3, "case 1")]
    assert assign_splits(known) == {1: Split.TEST, 2: Split.VALIDATION, 3: Split.TEST}


def test_a_picture_of_several_classes_is_spread_by_its_rarest() -> None:
    assert class_strata([[0, 1], [0], [], [0], [1, 2]]) == ["1", "0", "none", "0", "2"]
    assert class_strata([[2, 1], [1, 2]]) == ["1", "1"], "of equally rare ones the first"


def test_numbers_are_spread_by_their_fifths() -> None:
    assert number_strata([10, 1, 2, 3, 4, 5, 6, 7, 8, 9]) == list("4001122334")
    assert len(set(number_strata([3, 3, 3, 3]))) == 1, "equal numbers are alike"
