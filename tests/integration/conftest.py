"""A project for tests of jobs, imported once: to import it takes ten times as long as to copy it."""

import shutil
from pathlib import Path

import pytest

from core.graft import Graft, open_graft
from core.settings import Settings
from core.types import ProjectId
from tests.integration.colours import import_painted, paint


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory, empty_home: Path) -> tuple[Path, ProjectId]:
    """A home with 30 red and green pictures, and their project."""
    folder = tmp_path_factory.mktemp("colours")
    home = Path(shutil.copytree(empty_home, folder / "home"))
    graft = open_graft(Settings(home=home, device="cpu", spares=False))
    made = import_painted(graft, "Colours", paint(folder / "in", ["green", "red"] * 15))
    graft.engine.dispose()
    return home, made


@pytest.fixture
def project(graft: Graft, colours: tuple[Path, ProjectId]) -> ProjectId:
    """A project of 30 red and green pictures in the home of `graft`."""
    home, made = colours
    graft.engine.dispose()  # lets go of the file that is replaced
    shutil.copytree(home, graft.settings.home, dirs_exist_ok=True)
    return made
