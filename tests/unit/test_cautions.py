"""What makes a model's scores worth less than they look, in sentences."""

import pytest

from core.exchange.cautions import few_words, leaking_words, untold
from core.types import JsonObject


def results(task: str, figure: str, ends: list[float] | None, tests: tuple[int, ...] = (40, 40)) -> JsonObject:
    """What a model of two classes reached in one figure, and how many test pictures each class has."""
    classes: list[JsonObject] = [{"name": name, "test": size} for name, size in zip("ab", tests, strict=True)]
    return {
        "task": task,
        "splits": {"test": sum(tests)},
        "metrics": {"test": {figure: None if ends is None else sum(ends) / 2}},
        "intervals": {"test": {figure: ends}},  # type: ignore[dict-item]
        "counts": {"together": "groups", "leaking": 0, "classes": [*classes]},
    }


@pytest.mark.parametrize(
    ("task", "figure", "chance"),
    [("single", "balanced_accuracy", 0.5), ("ordinal", "quadratic_kappa", 0), ("multi", "auroc", 0.5),
     ("regression", "r2", 0)],
)  # fmt: skip
def test_a_model_that_may_only_guess_is_said_to(task: str, figure: str, chance: float) -> None:
    assert untold(results(task, figure, [chance + 0.1, chance + 0.3])) == []
    (words,) = untold(results(task, figure, [chance - 0.1, chance + 0.3]))
    assert "cannot be told from" in words
    (words,) = untold(results(task, figure, None))
    assert words.startswith("There are too few test groups to tell it from")


def test_a_class_without_a_test_picture_is_not_only_called_rare() -> None:
    found = results("single", "balanced_accuracy", [0.6, 0.9], (0, 5))
    assert untold(found) == ["No test picture is of a: how good it is there is not known."]
    assert few_words(found) == ["Fewer than 30 test pictures stand behind the scores of: b."]


def test_a_case_on_two_sides_is_counted() -> None:
    found = results("single", "balanced_accuracy", [0.6, 0.9])
    assert leaking_words(found) == []
    assert leaking_words({**found, "counts": {"together": "cases", "leaking": 1}}) == [
        "1 case in several splits: the scores are too good."
    ]


def test_without_test_pictures_nothing_is_said_of_them() -> None:
    assert untold({"task": "single", "splits": {"test": 0}, "metrics": {}, "intervals": {}, "counts": None}) == []
