"""What a promise says of itself, and how the ranges that it makes are written."""

from dataclasses import replace

from core.evaluation.abstaining import Usual
from core.store.judges import Judge
from core.store.predictions import PredictionRecord
from core.store.promises import Promise
from core.types import Task

RANGES = Promise(
    task=Task.REGRESSION, classes=(), coverage=0.9, by="all", basis="pictures", sought="pictures", count=40, needed=9,
    reach=8.854,
)  # fmt: skip


def test_a_promise_that_falls_short_says_of_what() -> None:
    assert RANGES.caution == ""
    fields = replace(RANGES, sought="groups")
    assert fields.caution == (
        "Too few groups for a promise to new ones: it is to new pictures of those groups that were there."
    )
    few = replace(RANGES, reach=float("inf"), count=4)
    assert few.caution.startswith("Not enough pictures to promise 90%: it takes at least 9 pictures to set limits by, ")


def test_both_ends_of_a_range_have_as_many_digits_as_its_width_warrants() -> None:
    def said(number: float, reach: float) -> str:
        judge = Judge(promise=replace(RANGES, reach=reach), usual=Usual())
        (found,) = judge.judge([PredictionRecord(name="a.png", predicted_number=number)])
        return found.words

    assert said(11.785, 8.854) == "3 to 21"
    assert said(0.5, 0.0123) == "0.488 to 0.512"
    assert said(-20.0, 3.0) == "\N{MINUS SIGN}23.0 to \N{MINUS SIGN}17.0"
    assert said(2.0, float("inf")) == ""
