"""labels.csv written and read again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.exchange import DatasetRow, Names, labels_csv_text, read_label_table
from core.types import Split

# What the store can hold: text without zero characters or outer white space, not empty.
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=20)
WORDS = TEXT.map(lambda text: text.strip()).filter(bool)
CLASS = TEXT.map(lambda text: " ".join(text.split())).filter(bool)
MOMENT = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def rows(draw: st.DrawFn) -> list[DatasetRow]:
    keys = draw(st.lists(WORDS.filter(lambda key: key.casefold() not in RESERVED), max_size=3, unique_by=str.casefold))
    return [
        DatasetRow(
            file=f"class/{number}.png",
            labels=draw(st.none() | st.lists(CLASS, max_size=3)),
            case=draw(st.none() | WORDS),
            group=draw(st.none() | WORDS),
            date=draw(st.none() | MOMENT),
            split=draw(st.sampled_from([None, *(split.value for split in Split)])),
            extra={key: draw(WORDS) for key in keys if draw(st.booleans())},
        )
        for number in range(draw(st.integers(1, 4)))
    ]


RESERVED = {"file", "label", "case", "group", "date", "split"}


@settings(max_examples=300, deadline=None)
@given(rows())
def test_a_table_comes_back_as_it_was_written(written: list[DatasetRow]) -> None:
    complete = [*written, *(DatasetRow(file=f"all/{split}.png", split=split.value) for split in Split)]
    read = read_label_table(labels_csv_text(complete).encode(), "labels.csv")
    assert read.problems == ()
    assert len(read.rows) == len(complete)
    for row, wanted in zip(read.rows, complete, strict=True):
        assert (row.file, row.labels) == (wanted.file, tuple(wanted.labels or ()))
        assert row.none_of_them == (wanted.labels == [])
        assert (row.case, row.group, row.captured_at) == (wanted.case, wanted.group, wanted.date)
        assert (row.split.value if row.split else None) == wanted.split
        assert row.extra == wanted.extra


def test_metadata_called_like_a_column_of_the_table_keeps_apart() -> None:
    text = labels_csv_text([DatasetRow(file="a.png", labels=["rust"], extra={"Label": "old", "split": "B"})])
    row = read_label_table(text.encode(), "labels.csv").rows[0]
    assert row.labels == ("rust",)
    assert row.extra == {"Label (metadata)": "old", "split (metadata)": "B"}


def test_a_formula_is_harmless_in_a_spreadsheet_and_comes_back() -> None:
    text = labels_csv_text([DatasetRow(file="a.png", labels=["=1+1"], case="-3", group="'@x")])
    assert "'=1+1" in text and "'-3" in text and "''@x" in text
    row = read_label_table(text.encode(), "labels.csv").rows[0]
    assert (row.labels, row.case, row.group) == (("=1+1",), "-3", "'@x")


def test_a_split_column_counts_only_when_it_names_all_three() -> None:
    two = read_label_table(b"file,split\na.png,train\nb.png,val\n", "t.csv").rows
    assert [(row.split, row.extra) for row in two] == [(None, {"split": "train"}), (None, {"split": "val"})]
    remark = read_label_table(b"file,split\na.png,train\nb.png,val\n", "t.csv").remark
    assert remark.startswith("Column 'split' names no picture for test: a table divides the pictures only if it names")
    assert read_label_table(b"file,Split\na.png,A\nb.png,B\n", "t.csv").remark == "", "of some other kind"
    three = read_label_table(b"file,split\na.png,train\nb.png,val\nc.png,test\n", "t.csv").rows
    assert [row.split for row in three] == [Split.TRAIN, Split.VALIDATION, Split.TEST]


def test_a_date_column_nobody_named_is_metadata_where_it_holds_no_dates() -> None:
    row = read_label_table(b"file,date\na.png,spring\n", "t.csv").rows[0]
    assert (row.captured_at, row.extra) == (None, {"date": "spring"})


@pytest.mark.parametrize(
    ("folder", "original", "name"),
    [
        ("rust", "field/a.tiff", "rust/a.png"),
        ("a/b:c*", "x.png", "a_b_c_/x.png"),
        ("..", ".hidden.jpg", "pictures/hidden.png"),
        ("", "\\\\server\\a?.png", "pictures/a_.png"),
        ("Ähre", "ü.png", "Ähre/ü.png"),
        ("CON", "nul.jpg", "CON_/nul_.png"),
        ("cafe\u0301", "e\u0301.png", "caf\u00e9/\u00e9.png"),
    ],
)
def test_names_can_be_unpacked_anywhere(folder: str, original: str, name: str) -> None:
    assert Names().name(folder, original, ".png", 1) == name


def test_equal_names_stay_apart_whatever_their_case() -> None:
    names = Names()
    made = [
        names.name("c", name, ".png", number) for number, name in enumerate(["a.png", "A.png", "a-1.png", "x/a.png"])
    ]
    assert len({name.casefold() for name in made}) == 4
