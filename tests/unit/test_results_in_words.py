"""What `graft results` prints."""

import pytest

from app.commands.training import scores_in_words
from core.types import JsonObject, Split


def results(names: list[str]) -> JsonObject:
    count = len(names)
    return {
        "metrics": {"test": {"count": count, "accuracy": 1.0}},
        "intervals": {"test": {"accuracy": [0.5, 1.0]}},
        "confusion": {
            "split": "test", "labels": [*names], "matrix": [[int(a == b) for a in range(count)] for b in range(count)],
        },
        "folds": None,
        "task": "single",
    }  # fmt: skip


def test_columns_are_headed_by_the_classes() -> None:
    assert "truth \\ said  healthy  rust\nhealthy" in scores_in_words(results(["healthy", "rust"]), Split.TEST)


@pytest.mark.parametrize("count", [4, 40])
def test_columns_of_many_long_names_are_headed_by_numbers_that_the_rows_tell(count: int) -> None:
    words = scores_in_words(results([f"a finding with a long name, {place}" for place in range(count)]), Split.TEST)
    lines = words.splitlines()
    head = next(line for line in lines if line.startswith("truth"))
    assert head.split()[3:] == [str(place) for place in range(1, count + 1)]
    assert any(line.startswith("2 a finding with a long name, 1 ") for line in lines)
    assert max(map(len, lines)) < 50 + 4 * count
