"""Fixtures for every kind of test."""

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from core.graft import Graft, open_graft
from core.settings import Settings

# Test processes run side by side: one thread each, and none that spins while it waits. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# To load torch into processes that no job comes to was the largest part of the suite's work.
os.environ.setdefault("GRAFT_SPARES", "off")
# What one process has compiled, the hundred that the tests start read.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SHARED_DATA = Path(__file__).parents[1] / ".." / "shared" / "data"


class OneBrowser(LoadFileScheduling):
    """A file's tests stay in one process, which starts what they share once; so do all browser tests.

    Browsers side by side on two cores mostly wait for each other, and draw while they do.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/e2e/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneBrowser:
    return OneBrowser(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for processes of their own begin right after the browser: at the end nobody shares the wait."""

    def place(item: pytest.Item) -> tuple[bool, bool]:
        return not item.nodeid.startswith("tests/e2e/"), item.get_closest_marker("processes") is None

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Nothing that was imported goes away again: the collector need not look at it a thousand times."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that Streamlit ran here would stay the main module, which each process spawned later runs first."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", device="cpu", spares=False)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was opened and nothing more: to make its tables takes ten times as long as to copy them."""
    home = tmp_path_factory.mktemp("empty") / "home"
    open_graft(Settings(home=home, device="cpu")).engine.dispose()
    return home


@pytest.fixture
def graft(settings: Settings, empty_home: Path) -> Iterator[Graft]:
    """An opened, empty home."""
    shutil.copytree(empty_home, settings.home, dirs_exist_ok=True)
    opened = open_graft(settings)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared real images are not on this machine")
    return SHARED_DATA.resolve()
