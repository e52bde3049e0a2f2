"""Fixtures that drive the real app in Chromium.

    served              a web process with its own home, for all tests of a file; make a project per test
    jobs, interactive   `served` with that worker beside it
    page                a browser page; the test fails if anything but this machine is asked, or a script errs
    open_page           more of them, each with cookies and storage of its own: two people at once

Tests that use a browser are marked `browser` by themselves.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

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
)
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


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    contexts, foreign, errors = [], list[str](), list[str]()

    def only_here(route: Route, request: Request) -> None:
        if urlsplit(request.url).hostname == "127.0.0.1":
            route.fallback()
        else:
            foreign.append(request.url)
            route.abort()

    def make() -> Page:
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
        contexts.append(context)
        context.route(lambda url: url.startswith(("http:", "https:", "ws:", "wss:")), only_here)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert foreign == [], "the page asked another host"
    assert errors == [], "a script of the page failed"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    settings = Settings(home=folder / "home", device="cpu", spares=False)
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
