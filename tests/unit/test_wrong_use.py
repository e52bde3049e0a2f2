"""What every command says of a value that an option cannot be: Graft's words, naming the option and its range."""

from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from app.cli import build
from core.errors import BadInput, ensure_between, span_words

LIBRARIES = ("Input should", "parse string", "Value error", "greater than or equal", "is not in the range")


def options() -> Iterator[tuple[str, ...]]:
    """Every option that takes a value, and every first argument, with a value that no number and no choice is."""

    def walk(item: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, inner in getattr(item, "commands", {}).items():
            yield from walk(inner, (*words, name))
        if getattr(item, "commands", None) is None:
            for param in item.params:  # type: ignore[attr-defined]
                if param.param_type_name == "option" and not param.is_flag and param.name not in ("home", "as_json"):
                    yield (*words, param.opts[0], "odd")
                elif getattr(param, "metavar", "") == "RUN":
                    yield (*words, "odd")

    yield from walk(typer.main.get_command(build()), ())


def refused(*asked: str) -> str:
    told = CliRunner().invoke(build(), list(asked))
    assert told.exit_code == 2, told.output
    return told.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("asked", [*options()], ids=" ".join)
def test_no_command_speaks_in_the_words_of_what_reads_the_line(asked: tuple[str, ...]) -> None:
    told = CliRunner().invoke(build(), list(asked)).output
    assert not any(words in told for words in LIBRARIES), told


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["train", "Leaves", "--folds", "1.5"], "'--folds': It must be a whole number, not '1.5'."),
        (["search", "Leaves", "--minutes", "long"], "'--minutes': It must be a number, not 'long'."),
        (["up", "--port", "0"], "'--port': It must be a whole number from 1 to 65,535, not '0'."),
        (["forecast", "1", "--more", "0"], "'--more': It must be a whole number from 1 on, not '0'."),
        (["results", "last"], "'RUN': It must be a whole number from 1 on, not 'last'."),
        (["results", str(2**63)], f"from 1 to {2**63 - 1:,}, not '{2**63}'."),
        (["results", "1", "--split", "tset"], "'--split': Choose one of train, validation, test, not 'tset'."),
        (["train", "Leaves", "--set", "epochs=0"], "--set: epochs must lie between 1 and 10,000, not 0."),
        (["train", "Leaves", "--set", "seed=-1"], "--set: seed must lie between 0 and 2,147,483,647, not -1."),
        (["train", "Leaves", "--backbone", "resnet18", "--set", "backbone=vgg16"], "--set: backbone is given twice."),
        (["train", "Leaves", "--set", " epochs = ten "], "--set: epochs must be a whole number, not 'ten'."),
    ],
)
def test_a_wrong_value_is_told_with_what_it_must_be(asked: list[str], words: str) -> None:
    assert refused(*asked) == f"Error: Invalid value for {words}" or refused(*asked).endswith(words)


def test_ranges_are_written_out() -> None:
    assert (span_words(None, None), span_words(1, None), span_words(None, 9)) == ("", " from 1 on", " up to 9")
    with pytest.raises(BadInput, match=r"^rate must lie between 0\.00000001 and 10, not nan\.$"):
        ensure_between("rate", float("nan"), 1e-8, 10)
    with pytest.raises(BadInput, match=r"^minutes must lie between 0\.05 and 43,200, not 50,000\.5\.$"):
        ensure_between("minutes", 50_000.5, 0.05, 43_200)
