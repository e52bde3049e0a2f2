"""What a label is: its value, its classes, and what is circled."""

import pytest

from core.errors import BadInput
from core.labels import PALETTE, Circle, ClassSpec, LabelValue, validated_classes
from core.labels.classes import KEYS, RESERVED_KEYS
from core.types import ClassId, JsonObject, Task


def spec(name: str, key: str = "", colour: str = "") -> ClassSpec:
    return ClassSpec(name=name, key=key, colour=colour)


def test_what_a_class_lacks_is_filled_in_and_what_it_has_is_kept() -> None:
    found = validated_classes(
        [spec("  leaf   rust "), spec("healthy", key=" R "), spec("blight", colour="#abCDef"), spec("scab", key="1")]
    )
    assert [item.name for item in found] == ["leaf rust", "healthy", "blight", "scab"]
    assert [item.key for item in found] == ["2", "r", "3", "1"], "the free ones in order, none that another class wants"
    assert [item.colour for item in found] == [PALETTE[0], PALETTE[1], "#abCDef", PALETTE[3]]
    (told,) = validated_classes([ClassSpec(name="rust", description=" orange spots\n")])
    assert told.description == "orange spots"


def test_a_class_called_by_a_digit_has_it_as_its_key_unless_another_wants_it() -> None:
    assert [item.key for item in validated_classes([spec(name) for name in "01234"])] == list("01234")
    mixed = [spec("none"), spec("2"), spec("A"), spec("B"), spec("1", key="3"), spec("3")]
    assert [item.key for item in validated_classes(mixed)] == ["1", "2", "4", "5", "3", "6"]


def test_of_more_classes_than_keys_and_colours_the_last_have_no_key_and_colours_come_again() -> None:
    found = validated_classes([spec(f"class {number}") for number in range(60)])
    assert [item.key for item in found] == [*KEYS, *[""] * (60 - len(KEYS))]
    assert found[len(PALETTE)].colour == PALETTE[0]
    assert not set(KEYS) & set(RESERVED_KEYS) and len(set(KEYS)) == len(KEYS)


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([spec("rust"), spec(" \t")], "Class 2 has no name."),
        ([spec("\u200b\u202e")], "Class 1 has no name."),
        ([spec("rust"), spec("ru\u200bst")], "Two classes are called 'rust'."),
        ([spec("a" * 101)], "is longer than 100 characters"),
        ([spec("Rust"), spec("rUST ")], "Two classes are called 'rUST'."),
        ([spec("rust", colour="red")], "The colour 'red' of class 'rust' is not of the form #RRGGBB."),
        ([spec("rust", colour="#0072B2F")], "is not of the form"),
        ([spec("rust", key="u")], "The key 'u' of class 'rust' cannot be used."),
        ([spec("rust", key="12")], "The key '12' of class 'rust' cannot be used."),
        ([spec("rust", key="r"), spec("healthy", key="R")], "Two classes have the key 'r'."),
    ],
)
def test_what_a_list_of_classes_cannot_be_is_said(specs: list[ClassSpec], words: str) -> None:
    with pytest.raises(BadInput) as told:
        validated_classes(specs)
    assert words in str(told.value)


def test_a_name_of_a_hundred_letters_is_not_too_long() -> None:
    assert len(validated_classes([spec("a" * 100)])[0].name) == 100


@pytest.mark.parametrize(
    "value",
    [LabelValue(), LabelValue(classes=(ClassId(3), ClassId(1))), LabelValue(number=-1.5), LabelValue(number=0.0)],
)
def test_a_label_comes_back_from_json_as_it_was(value: LabelValue) -> None:
    assert LabelValue.from_json(value.to_json()) == value


@pytest.mark.parametrize("number", [1e16, -1e308])
def test_a_number_whose_square_is_none_is_no_label(number: float) -> None:
    with pytest.raises(BadInput, match="is too large to be computed with"):
        LabelValue(number=number).check(Task.REGRESSION)
    LabelValue(number=-1e15).check(Task.REGRESSION)


def test_a_class_that_is_named_twice_counts_once_and_whole_numbers_are_numbers() -> None:
    assert LabelValue.from_json({"classes": [2, 1, 2]}).classes == (2, 1)
    number = LabelValue.from_json({"number": 3}).number
    assert number == 3 and isinstance(number, float)
    assert LabelValue.from_json({}) == LabelValue.from_json({"classes": None, "number": None}) == LabelValue()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"classes": "1"}, "must be a list of ids, not '1'"),
        ({"classes": ["1"]}, "must be a list of ids"),
        ({"classes": [True]}, "must be a list of ids"),
        ({"classes": [1.0]}, "must be a list of ids"),
        ({"number": True}, "must be a number, not True"),
        ({"number": "12"}, "must be a number, not '12'"),
    ],
)
def test_what_is_no_label_is_not_read(value: JsonObject, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        LabelValue.from_json(value)


ONE, TWO = LabelValue(classes=(ClassId(1),)), LabelValue(classes=(ClassId(1), ClassId(2)))
NONE, NUMBER = LabelValue(), LabelValue(number=0.0)


@pytest.mark.parametrize(
    ("task", "fitting"),
    [
        (Task.SINGLE, [ONE]), (Task.ORDINAL, [ONE]), (Task.MULTI, [NONE, ONE, TWO]), (Task.REGRESSION, [NUMBER]),
    ],
)  # fmt: skip
def test_each_kind_of_project_has_its_own_labels(task: Task, fitting: list[LabelValue]) -> None:
    values = [NONE, ONE, TWO, NUMBER, LabelValue(number=float("nan")), LabelValue(number=float("-inf"))]
    found = []
    for value in values:
        try:
            value.check(task)
        except BadInput:
            continue
        found.append(value)
    assert found == fitting


def test_a_circle_lies_in_the_picture_and_is_no_point() -> None:
    for x, y in ((0, 0), (1, 1), (0.5, 0)):
        assert Circle(x, y, 1, 1e-6) != Circle(x, y, 1e-6, 1)
    right = {"x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.1}
    for wrong in (
        {"x": -0.01},
        {"x": 1.01},
        {"y": -0.01},
        {"y": 1.01},
        {"rx": 0},
        {"rx": 1.01},
        {"ry": 0},
        {"ry": 1.01},
    ):
        with pytest.raises(BadInput, match="must lie in the picture"):
            Circle(**{**right, **wrong})
