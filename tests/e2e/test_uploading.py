"""Files on their way from the browser: what is said of them, and that they are not left behind without a word."""

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.e2e.served import Served


@pytest.fixture
def held(page: Page, served: Served, request: pytest.FixtureRequest) -> list[Route]:
    """A page to which a file was given, over a line that takes nothing yet: the pieces that wait."""
    project = served.project(request.node.name, pictures=0)
    waiting: list[Route] = []
    page.route("**/api/uploads/*", lambda route: waiting.append(route))
    page.goto(served.address("images", project=project))
    file = {"name": "large.bmp", "mimeType": "image/bmp", "buffer": bytes(3 * 2**20)}
    page.get_by_label("Choose files").last.set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_role("status").filter(has_text="Sending large.bmp: 0%")).to_be_visible()
    return waiting


def test_a_slow_line_is_told_of_piece_by_piece_and_a_broken_one_goes_on(page: Page, held: list[Route]) -> None:
    for said in ("33%", "66%"):
        page.wait_for_timeout(100)
        held.pop().continue_()
        expect(page.get_by_role("status").filter(has_text=f"Sending large.bmp: {said}")).to_be_visible()
    page.wait_for_timeout(100)
    held.pop().abort()
    expect(page.get_by_text("The connection is broken. Trying again…")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Sending large.bmp: 66%")).to_be_visible()
    page.wait_for_timeout(100)
    held.pop().continue_()
    expect(page.get_by_text("1 file arrived.")).to_be_visible()


def test_a_page_that_still_sends_asks_before_it_is_left(page: Page, served: Served, held: list[Route]) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.once("dialog", stay)
    page.get_by_text("Drop pictures").click()  # browsers ask only whoever has touched the page
    page.goto(served.address("projects"))
    assert asked == ["beforeunload"]
