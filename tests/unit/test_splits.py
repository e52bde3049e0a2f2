"""Splits."""

from hypothesis import given
from hypothesis import strategies as st

from core.splits import SplitItem, assign_splits
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
