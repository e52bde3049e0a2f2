"""Tables that name labels."""

import pytest

from core.errors import BadInput
from core.exchange import read_label_table


def test_columns_are_guessed_and_the_rest_is_metadata() -> None:
    table = read_label_table(b"filename,label,plant,date\na.jpg,rust,7,2026-05-31\n", "l.csv", case_column="plant",
                             date_column="date")  # fmt: skip
    row = table.matcher().find("field/A.jpg")
    assert row is not None
    assert (row.labels, row.case, row.captured_at.year, row.extra) == (("rust",), "7", 2026, {})


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"file,label\na,b\n", {"label_column": "species"}, "no column 'species'"),
        (b"file,label,label\na,b,c\n", {}, "two columns called 'label'"),
        (b"colour,size\n1,2\n", {}, "names the file"),
        (b"", {}, "empty"),
        (b"file,label\n", {}, "no line below its header"),
        (b"\x00\x01\x02\x03", {}, "not a text file"),
    ],
)
def test_an_unusable_table_names_the_file_and_the_column(content: bytes, options: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        read_label_table(content, "labels.csv", **options)
    assert "labels.csv" in caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_common_encodings_and_separators_are_understood(encoding: str) -> None:
    table = read_label_table("file;label\nä.jpg;Mehltau für alle\n".encode(encoding), "l.csv")
    assert table.rows[0].labels == ("Mehltau für alle",)


def test_a_bad_line_is_listed_and_the_others_stay() -> None:
    table = read_label_table(b"file,label,day\na.jpg,x,never\nb.jpg,y,2026-01-02\n", "l.csv", date_column="day")
    assert [row.file for row in table.rows] == ["b.jpg"]
    assert table.problems[0][0] == 2 and "never" in table.problems[0][1]


def test_a_name_without_extension_finds_its_picture_and_a_shared_short_name_finds_none() -> None:
    table = read_label_table(b"id,label\n12,x\nleft/1.jpg,y\nright/1.jpg,z\n", "l.csv")
    matcher = table.matcher()
    assert matcher.find("images/12.jpg").labels == ("x",)
    assert matcher.find("right/1.jpg").labels == ("z",)
    assert matcher.find("middle/1.jpg") is None


@pytest.mark.parametrize("lines", [["a.jpg,rust", "b/a.jpg,healthy"], ["b/a.jpg,healthy", "a.jpg,rust"]])
def test_a_picture_beside_a_folder_that_has_one_of_its_name_keeps_its_line(lines: list[str]) -> None:
    found = read_label_table("\n".join(["file,label", *lines]).encode(), "l.csv").matcher()
    assert [found.find(name).labels for name in ("a.jpg", "b/a.jpg")] == [("rust",), ("healthy",)]  # type: ignore


def test_a_line_that_is_there_twice_means_its_picture_by_its_short_name_too() -> None:
    found = read_label_table(b"file,label\nx/a.jpg,rust\nx/a.jpg,rust\n", "l.csv").matcher()
    assert found.find("a.jpg").labels == ("rust",)  # type: ignore[union-attr]
