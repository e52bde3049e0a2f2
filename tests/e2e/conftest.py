"""Fixtures that drive the real app in Chromium.

    served              a web process with its own home, for all tests of a file; make a project per test
    jobs, interactive   `served` with that worker beside it
    page                a browser tab without cookies and kept labels; the test fails if anything but this machine is
                        asked, or a script errs
    open_page           more of them, each with a browser of its own: two people at once

Tests that use a browser are marked `browser` by themselves.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, WebSocket, expect, sync_playwright

from core.graft import open_graft
from core.settings import Settings
from tests.e2e.served import Served

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium's own calls home must not be taken for ours.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whatever a page asks of others it does not get. To look at each request here would cost the browser its cache.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
TIMEOUT_MS = 30_000

OpenPage = Callable[[], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a browser."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


# Not for the whole session: while Playwright is up, this thread has a running event loop, and asyncio.run in
# the tests of other folders would fail. Of this package's tests, all share it.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("GRAFT_CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        expect.set_options(timeout=TIMEOUT_MS)
        path = path or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("no Chromium here: install one, or name it in GRAFT_CHROMIUM")
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Context:
    """What a browser does that no page of ours may: ask another host, or fail in a script."""

    made: BrowserContext
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.made.set_default_timeout(TIMEOUT_MS)
        self.made.on("request", self._asked)
        self.made.on("page", lambda page: page.on("websocket", self._asked))
        self.made.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _asked(self, asked: Request | WebSocket) -> None:
        found = urlsplit(asked.url)
        if found.scheme in ("http", "https", "ws", "wss") and found.hostname != "127.0.0.1":
            self.foreign.append(asked.url)

    def check(self) -> None:
        """Fail if something of it happened since the last look."""
        foreign, errors = self.foreign[:], self.errors[:]
        self.foreign.clear(), self.errors.clear()
        assert foreign == [], "the page asked another host"
        assert errors == [], "a script of the page failed"


def new_context(chromium: Browser) -> Context:
    """A person's browser: cookies and storage of its own."""
    return Context(chromium.new_context(viewport=VIEWPORT, reduced_motion="reduce", service_workers="block"))


@pytest.fixture(scope="package")
def tab(chromium: Browser) -> Iterator[tuple[Context, Page]]:
    """The tab of most tests: a new one costs Chromium more than a page of ours, and knows none of the app's scripts."""
    context = new_context(chromium)
    yield context, context.made.new_page()
    context.made.close()


@pytest.fixture
def page(tab: tuple[Context, Page], served: Served) -> Iterator[Page]:
    context, page = tab
    context.made.clear_cookies()
    session = context.made.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": served.url, "storageTypes": "local_storage"})
    session.detach()
    page.set_viewport_size(VIEWPORT)
    page.mouse.move(0, 0)
    yield page
    page.unroute_all()
    page.goto("about:blank")
    context.check()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    contexts = list[Context]()

    def make() -> Page:
        contexts.append(new_context(chromium))
        return contexts[-1].made.new_page()

    yield make
    for context in contexts:
        context.made.close()
    for context in contexts:
        context.check()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, empty_home: Path) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    settings = Settings(home=folder / "home", device="cpu", spares=False)
    shutil.copytree(empty_home, settings.home)
    running = Served(graft=open_graft(settings), folder=folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def jobs(served: Served) -> Served:
    served.worker("jobs")
    return served


@pytest.fixture(scope="module")
def interactive(served: Served) -> Served:
    served.worker("interactive")
    return served
