"""Words that pages share: the same thing has one name, and none speaks of classes where there may be none."""

import re
from dataclasses import fields, replace

import pytest

from app.parts.abstaining import NUMBERS_HOW as NUMBERS_REASONS
from app.parts.check_sections import notice_words
from app.parts.columns import NAME_PX, name_column
from app.parts.grades import failed_by, points
from app.parts.heatmap_gallery import words
from app.parts.predictions import opened_picture
from app.parts.promise import NUMBERS_HOW
from app.parts.recipe_words import TITLES, learns, shown
from app.parts.robustness import row, verdict
from app.parts.run_choice import compared_splits, unfair, untested
from app.parts.starts import COMMON, START_WORDS, start_of, start_words
from app.parts.text import md, md_lines, shortened
from app.parts.viewer import HONEST
from core.catalogue import EXPLANATIONS
from core.charts.robustness import RobustnessLine, too_high
from core.evaluation import FIGURES, Grade, Interval, fold_names
from core.recipes import Recipe
from core.services.grades import MethodGrade
from core.services.heatmaps import GalleryItem
from core.services.predictions import NO_ANSWER, PredictedPicture
from core.services.results import RunChoice
from core.services.robustness import RobustnessView
from core.services.training import RunRecord
from core.types import ImageId, JsonObject, RunId, Split, Task
from core.words import changed_most, moved, one_line, plain_number


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


@pytest.mark.parametrize(
    ("payload", "title", "names"),
    [
        ({"folds": 2}, "Run 7 · Instant · resnet18 · 2 folds", ["Fold 1", "Fold 2", "Fold 3"]),
        ({"folds": 2, "repeats": 2}, "Run 7 · Instant · resnet18 · 2 folds · 2 rounds",
         ["Round 1, fold 1", "Round 1, fold 2", "Round 2, fold 1"]),
        ({"folds": 3, "shuffle": True}, "Run 7 · Instant · resnet18 · 3 random splits",
         ["Split 1", "Split 2", "Split 3"]),
    ],
)  # fmt: skip
def test_parts_of_a_cross_validation_are_called_what_they_are(
    payload: JsonObject, title: str, names: list[str]
) -> None:
    known = dict.fromkeys(RunRecord.__dataclass_fields__)
    recipe = {"preset": "instant", "backbone": "resnet18"}
    run = RunRecord(**{**known, "id": 7, "name": "", "payload": payload, "recipe": recipe})  # type: ignore[arg-type]
    shuffle = bool(payload.get("shuffle"))
    found = fold_names(int(str(payload["folds"])), int(str(payload.get("repeats", 1))), 3, shuffle=shuffle)
    assert run.title == title and found == names


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
    assert untested({"healthy": 3, "rust": 0, "phoma": 1}).startswith("No picture here is of rust: ")
    assert "of 0, 1, 2, 3, 4, 5 and 34 others: " in untested({str(number): 0 for number in range(40)})


def test_a_test_of_one_class_only_is_said_to_prove_little() -> None:
    warned = "A model that calls everything healthy would be right in all of these pictures, too."
    assert untested({"healthy": 3, "rust": 0}).endswith(warned)
    assert "calls everything" not in untested({"healthy": 3, "rust": 0}, several=True)
    assert "calls everything" not in untested({"healthy": 3, "rust": 0, "phoma": 1})


@pytest.mark.parametrize(
    ("value", "places", "words"),
    [(-0.3, 0, "0"), (-0.04, 1, "0.0"), (-14.2, 0, "\u221214"), (1234.5, 1, "1,234.5"), (0.0, 2, "0.00")],
)
def test_numbers_have_a_real_minus_sign_and_none_before_zero(value: float, places: int, words: str) -> None:
    assert plain_number(value, places) == words


def test_a_plus_is_shown_where_it_is_asked_for_and_none_before_zero() -> None:
    assert [plain_number(value, 1, sign=True) for value in (2.04, 0.04, -2.04)] == ["+2.0", "0.0", "\u22122.0"]


def test_what_leans_by_less_than_is_shown_leans_to_no_side() -> None:
    assert FIGURES["bias"].shown(Interval(-0.02, -1.2, 1.1)) == "0.0"
    assert FIGURES["bias"].range(Interval(-0.02, -1.2, 1.1)) == "\u22121.2 to 1.1"


def test_under_a_heatmap_of_a_mistake_stands_what_the_label_is() -> None:
    item = GalleryItem(
        image=ImageId(1), blob="", name="", truth="rust", said="miner, rust", wrong=True, off=None, sure=None,
        empty=False, kept=True,
    )  # fmt: skip
    assert words(item) == 'miner, rust<br><span class="wrong">label: rust</span>'
    assert words(replace(item, said="rust", wrong=False, sure=0.9)) == "rust, 90% sure<br>right"
    assert words(replace(item, said="3.2", wrong=False, off=0.2, truth="3")) == "3.2<br>label: 3"


def test_a_network_that_may_have_learnt_in_vain_is_not_called_frozen() -> None:
    said = changed_most([(1, 1.0, 0.0), (2, None, 0.0)])
    assert said.endswith("or no epoch that changed it was better than the beginning, which was kept.")


def test_the_part_that_changed_most_is_named_unless_all_stayed_alike() -> None:
    assert changed_most([(1, 0.999, 0.0), (2, 0.996, 0.2), (3, None, 0.3)]).startswith("Hardly anything changed")
    assert changed_most([(1, 0.9, 0.1), (2, 0.41, 0.2), (3, None, 0.3)]).startswith("Part 2 of 3 changed most: ")


def test_what_does_not_hurt_is_not_called_what_hurts_most() -> None:
    line = RobustnessLine("Noisy", (3.0, 4.0, 5.0, 5.0, 4.0, 2.0), (0.0,) * 6, (10.0,) * 6, ("",) * 6)
    view = RobustnessView(
        pictures=88, numbers=False, flips=0.18, flips_between=(0.12, 0.28), lines=(line,), moved={},
        changed={"Noisy": (0.0, 0.18, 0.2, 0.3, 0.4, 0.5)}, changed_ends={"Noisy": (None, (0.12, 0.28), *[None] * 4)},
    )  # fmt: skip
    assert (row(view, line)["1"], row(view, line)["2"]) == ("18% (12% to 28%)", "20%")
    assert verdict(view, "").endswith("none makes these pictures harder for it.")
    worse = replace(line, right=(30.0, 20.0, 10.0, 5.0, 4.0, 2.0))
    assert "What hurts most" in verdict(replace(view, lines=(worse,)), "")


def test_errors_above_their_axis_are_known() -> None:
    line = RobustnessLine("Noisy", (3.0, 3.0, 4.0, 90.0, 99.0, 100.0), (), (), ("",) * 6)
    assert too_high([line]) and not too_high([replace(line, right=(3.0,) * 6)])


def test_a_cross_validation_is_not_compared_on_what_it_learnt_from_and_what_flatters_the_other_is_said() -> None:
    once = RunChoice(id=RunId(2), title="", recipe={}, version=1, ended=None)
    folded = replace(once, id=RunId(3), folds=4)
    assert Split.TRAIN in compared_splits([once]) and Split.TRAIN not in compared_splits([folded, once])
    assert compared_splits([folded])[Split.VALIDATION][0] == "Out of fold"
    assert unfair([once, folded], Split.VALIDATION).endswith("the best moment of run 2, which flatters it.")
    assert unfair([once, folded], Split.TEST) == unfair([folded], Split.VALIDATION) == ""


def test_every_field_of_a_recipe_has_a_title() -> None:
    assert {field.name for field in fields(Recipe)} <= set(TITLES)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("preset", "balanced", "Balanced"),
        ("tune", "head", "The last layer alone"),
        ("weights", "imagenet", "Everyday photographs (ImageNet)"),
        ("patience", 0, "Never"),
        ("epochs", 30, "30"),
        ("mixup", 0.2, "0.2"),
        ("zero_gamma", False, "No"),
        ("loss", "standard", "Cross-entropy: every mistake alike"),
        ("ema", None, "\u2013"),
    ],
)
def test_recipes_are_compared_in_the_words_by_which_they_were_chosen(field: str, value: object, words: str) -> None:
    assert shown(field, value, Task.SINGLE) == words  # type: ignore[arg-type]


@pytest.mark.parametrize("how", [NUMBERS_HOW, NUMBERS_REASONS])
def test_how_numbers_are_promised_and_refused_speaks_of_no_class(how: str) -> None:
    assert "probability" not in how and "class" not in how and "sure" not in how


@pytest.mark.parametrize(
    ("tune", "words"),
    [
        ("head", "The last layer alone"),
        ("lora:3", "Small additions of rank 3 (LoRA)"),
        ("last:5", "All five parts"),
        ("last:12", "All five parts"),
    ],
)
def test_what_learns_is_said_also_where_no_form_offers_it(tune: str, words: str) -> None:
    assert learns(tune) == shown("tune", tune, Task.SINGLE) == words


def test_a_long_name_keeps_both_its_ends() -> None:
    assert shortened("a.jpg", 9) == "a.jpg"
    assert shortened("0123456789.jpg", 9) == "0123….jpg"


def test_a_picture_without_an_answer_is_opened_with_the_reason_beside_the_best_guess() -> None:
    item = PredictedPicture(
        id=1, name="a.jpg", blob="", said="healthy", confidence=0.98, probabilities=(0.98, 0.02), number=None, error="",
        answer=NO_ANSWER, why="not like the training pictures",
    )  # fmt: skip
    assert opened_picture(item).answer == "no answer: not like the training pictures"
    assert opened_picture(replace(item, answer="healthy", why="")).answer == "healthy"


@pytest.mark.parametrize("text", ["5\xa0°C", "می\u200cخواهم", "👩\u200d🌾", "\U0001fae8", "写真\u3000一"])
def test_letters_of_all_writings_are_shown_as_they_are(text: str) -> None:
    assert md(text) == one_line(text) == text


@pytest.mark.parametrize("text", ["a\nb", "a\x1bb", "a\u202eb", "a\u2028b"])
def test_what_would_break_a_line_or_turn_it_is_not(text: str) -> None:
    assert md(text) == one_line(text) == "a?b"


@pytest.mark.parametrize("text", ["see http://a.example/x", "HTTPS://a.example", "www.a.example", "ada@a.example"])
def test_an_address_in_a_name_is_read_but_is_no_link(text: str) -> None:
    shown = md(text)
    assert not re.search(r"(?i)https?\\?:|www\\?\.|@\w", shown)  # what Streamlit makes links of, escaped or not
    assert shown.replace("\\", "").replace("\u2060", "") == text


def test_lines_of_a_guideline_stay_lines_and_nothing_in_it_is_markdown() -> None:
    assert md_lines("Rust: orange\n===\r\n\n    - &amp; so on\n") == (
        "Rust\\: orange  \n\\=\\=\\=  \n\u200b  \n\\- \\&amp; so on"
    )


def test_long_names_leave_room_for_a_figure_beside_them() -> None:
    assert name_column(["rust", "healthy"])["width"] is None
    assert name_column(["rust", "Cercospora coffeicola: chlorotic halo around the main vein"])["width"] == NAME_PX
