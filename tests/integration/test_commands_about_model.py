"""`graft forecast`, `robustness`, `changed` and `resembles`: the jobs' findings as JSON and as words."""

import json
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import build
from core.graft import Graft
from core.services.serving import Serving
from core.store.db import writing
from core.store.tables import ImageRow
from core.types import ImageId, RunId, Task
from tests.at_once import finish
from tests.integration.test_changes import untrained  # noqa: F401 - fixture
from tests.integration.test_explaining import _cold, model, project  # noqa: F401 - fixtures
from tests.integration.test_forecasts import trained
from tests.integration.test_neighbours import learnt  # noqa: F401 - fixture

Ask = Callable[..., Any]


@pytest.fixture
def ask(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """A command, whose job is done in this process: its JSON, or with `words` what a person reads."""
    monkeypatch.setattr(Serving, "finish", finish)
    monkeypatch.setenv("GRAFT_DEVICE", "cpu")

    def asked(*arguments: object, words: bool = False) -> Any:
        command = [*map(str, arguments), "--home", str(graft.settings.home), *([] if words else ["--json"])]
        result = CliRunner().invoke(build(), command)
        assert result.exit_code == 0, result.output
        return result.stdout if words else json.loads(result.stdout)

    return asked


def test_a_forecast_is_told_for_as_many_more_as_asked(graft: Graft, ask: Ask) -> None:
    leaves = graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust", "mildew"])
    run = trained(graft, leaves, [24, 24, 8], test=5)
    value = ask("forecast", run, "--more", 20)
    assert value["model"] == run and value["more"] == 20 and value["few"] == ["mildew"]
    assert {item["class"] for item in value["classes"]} == {"healthy", "rust"}
    for item in value["classes"]:
        assert all(low <= found <= high for found, low, high in (item["now"], item["then"]))


def test_what_a_picture_resembles_comes_nearest_first(ask: Ask, learnt: RunId) -> None:  # noqa: F811
    value = ask("resembles", learnt, 1)
    assert {item["image"] for item in value["nearest"]} == {2, 3} and value["said"] in ("healthy", "rust", "mildew")
    distances = [item["distance"] for item in value["nearest"]]
    assert distances == sorted(distances)
    told = ask("resembles", learnt, 1, words=True)
    assert told.startswith(f"The model says: {value['said']}.") and "Nearest training pictures" in told


def test_a_picture_is_meant_by_its_name_and_a_name_of_several_is_told_with_their_numbers(
    graft: Graft,
    ask: Ask,
    learnt: RunId,  # noqa: F811
    tmp_path: Path,
) -> None:
    name = graft.gallery.image(ImageId(1)).original_name
    for meant in (name, name.upper(), str(tmp_path / "elsewhere" / name), PurePosixPath(name).name):
        assert ask("resembles", learnt, meant)["image"] == 1
    assert ask("explain", learnt, name, "-o", tmp_path / "map.png")["file"] == str(tmp_path / "map.png")
    with writing(graft.engine) as session:
        for number, folder in ((1, "one"), (2, "two")):
            row = session.get(ImageRow, number)
            assert row is not None
            row.original_name = f"{folder}/same.png"
    assert ask("resembles", learnt, "one/same.png")["image"] == 1

    def told(image: str, command: str = "resembles") -> str:
        words = [command, str(learnt), image, "--home", str(graft.settings.home)]
        return str(CliRunner().invoke(build(), words).stderr)

    assert "could mean 2 pictures" in told("same.png") and "1 (one/same.png), 2 (two/same.png)" in told("same.png")
    assert "There is no picture 'other.png' in the project" in told("other.png")
    assert "There is neither a file 'other.png' nor a picture" in told("other.png", "explain")


def test_what_changed_is_told_layer_by_layer(ask: Ask, untrained: RunId) -> None:  # noqa: F811
    value = ask("changed", untrained)
    assert value["start"] == "none" and value["pictures"] == 1
    assert [item["layer"] for item in value["layers"]] == list(range(1, len(value["layers"]) + 1))
    assert all(item["distance"] == 0 for item in value["layers"]), "it was not trained"


def test_a_robustness_test_starts_with_the_pictures_as_they_are(ask: Ask, learnt: RunId) -> None:  # noqa: F811
    value = ask("robustness", learnt)
    assert value["pictures"] == 1 and value["numbers"] is False
    for kind in value["kinds"]:
        assert len(kind["right"]) == 6 and kind["changed"][0] == 0 and kind["strengths"][0] == "as it is"
    assert re.search(r"Noisy +\d+ \(\d+ to \d+\)", ask("robustness", learnt, words=True))
