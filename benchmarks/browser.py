"""A browser for benchmarks that need one: the system's Chromium, else Playwright's own, else none."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Error, Page, sync_playwright

QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextlib.contextmanager
def chromium() -> Iterator[Page | None]:
    """A page, or None where no browser can be started."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        try:
            browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        except Error:
            yield None
            return
        yield browser.new_page()
        browser.close()
