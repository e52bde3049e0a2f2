"""Words that pages share: the same thing has one name, and none speaks of classes where there may be none."""

import pytest

from app.parts.check_sections import notice_words
from app.parts.grades import failed_by, points
from app.parts.run_choice import untested
from app.parts.starts import COMMON, START_WORDS, start_of, start_words
from app.parts.viewer import HONEST
from core.catalogue import EXPLANATIONS
from core.evaluation import Grade
from core.services.grades import MethodGrade
from core.words import moved


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


def test_what_makes_scores_too_good_is_said_with_how_much_more_there_is() -> None:
    assert notice_words(["A."]) == "The scores may be too good. A."
    assert notice_words(["A.", "B."]) == "The scores may be too good. A. 1 more finding says so, too."
    assert notice_words(["A.", "B.", "C."]).endswith("2 more findings say so, too.")


def test_a_reason_to_fail_is_said_once_with_all_methods_it_speaks_against() -> None:
    def graded(method: str, *reasons: str) -> MethodGrade:
        grade = Grade(
            deletion=0.0, insertion=0.0, gain=None, pointing=None, chance=None, alike=None, passes=None, reasons=reasons
        )
        return MethodGrade(info=EXPLANATIONS[method], grade=grade, seconds=0.1)

    found = failed_by([graded("gradcam"), graded("occlusion", "blind"), graded("rise", "blind", "deaf")])
    assert found == {"blind": ["Occlusion", "RISE"], "deaf": ["RISE"]}


@pytest.mark.parametrize(("value", "words"), [(0.004, "0"), (-0.004, "0"), (0.15, "+15"), (-0.08, "\u22128")])
def test_points_have_a_sign_unless_they_are_none(value: float, words: str) -> None:
    assert points(value) == words


@pytest.mark.parametrize(
    ("distance", "words"), [(0, "not at all"), (4e-4, "under 0.1%"), (0.0033, "0.3%"), (0.5, "50.0%")]
)
def test_layers_that_never_moved_are_told_from_those_that_hardly_did(distance: float, words: str) -> None:
    assert moved(distance) == words


def test_classes_without_a_picture_are_named_so_that_no_figure_is_taken_for_theirs() -> None:
    assert untested({"healthy": 3, "rust": 1}) == "" == untested({})
    assert untested({"healthy": 3, "rust": 0}).startswith("No picture here is of rust: ")
    assert "of 0, 1, 2, 3, 4, 5 and 34 others: " in untested({str(number): 0 for number in range(40)})
