"""A model's files are held against their hashes before they are used: damaged weights would answer, and wrongly."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.graft import Graft
from core.models.files import CARD, WEIGHTS
from core.models.likeness import FILE as LIKENESS
from core.types import Lane, ProjectId, RunId, RunState
from tests.at_once import complete, serve
from tests.integration.test_training import TINY


@pytest.fixture
def trained(graft: Graft, project: ProjectId) -> RunId:
    run_id = graft.training.start(project, TINY)
    complete(graft, run_id)
    return run_id


def flip(path: Path) -> None:
    """One bit in its middle: the file can be read, and means something else."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink])
@pytest.mark.parametrize("name", [WEIGHTS, CARD])
def test_a_damaged_model_is_named_and_not_used(
    graft: Graft, project: ProjectId, trained: RunId, name: str, damage: Callable[[Path], None]
) -> None:
    recipe = TINY.with_settings({"weights": f"run:{trained}"})
    going_on = graft.training.start(project, recipe)
    damage(graft.settings.models / str(trained) / name)
    packed = graft.exports.model(trained)
    changes = graft.changes.start(trained)
    for run_id in (packed, changes, going_on):
        assert serve(graft, graft.training.read(run_id).lane) is RunState.FAILED
        ended = graft.training.read(run_id)
        what = "gone" if damage is Path.unlink else "damaged"
        assert ended.error == f"The file {name} of the model of run {trained} is {what}."
        assert "train again" in ended.hint


def test_damaged_likeness_is_named(graft: Graft, trained: RunId) -> None:
    cut(graft.settings.models / str(trained) / LIKENESS)
    run_id = graft.exports.model(trained)
    assert serve(graft, Lane.FILES) is RunState.FAILED
    assert graft.training.read(run_id).error == f"The file {LIKENESS} of the model of run {trained} is damaged."
