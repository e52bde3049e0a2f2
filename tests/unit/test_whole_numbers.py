"""Whole numbers in addresses: pages, routes and names of pictures read them alike."""

import pytest
from streamlit.testing.v1 import AppTest

from core.types import whole_number

LONGEST = "9" * 18


@pytest.mark.parametrize("text", ["", "-1", "1.5", " 1", "abc", "²", "٣", "9" * 19, "9" * 5000])
def test_what_no_id_can_be_is_no_number(text: str) -> None:
    assert whole_number(text) is None


def test_the_longest_number_is_the_same_to_all() -> None:
    assert whole_number(LONGEST) == int(LONGEST) == int(read("about", LONGEST)[0])


@pytest.mark.parametrize("text", ["²", "9" * 19, "-1"])
def test_a_page_whose_address_was_typed_by_hand_is_shown_as_without_it(text: str) -> None:
    assert read("about", text) == ["None", "None"]
    assert read("cell", f"{text},0") == ["None", "None"]


def test_a_cell_of_the_matrix_stands_in_the_address() -> None:
    assert read("cell", "1,0")[1] == "(1, 0)"
    assert read("cell", "1,2")[1] == read("cell", "1,0,0")[1] == "None"


def read(name: str, value: str) -> list[str]:
    page = AppTest.from_function(reading, default_timeout=60)
    page.query_params[name] = value
    page.run()
    assert not page.exception
    return [text.value for text in page.text]


def reading() -> None:
    """What a page reads: runs on its own, so that it imports what it needs."""
    import streamlit as st

    from app.links import int_param
    from app.parts.matrix import chosen_cell

    st.text(str(int_param("about")))
    st.text(str(chosen_cell(2, 2)))
