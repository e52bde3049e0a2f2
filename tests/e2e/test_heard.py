"""Pages as they are heard, not seen: the order of headings, and what a picture that can be chosen is called."""

from playwright.sync_api import Page, expect

from tests.e2e.served import Served
from tests.e2e.test_results_page import finished

HEADINGS = """() => {
    const found = [];
    const walk = (root) => {
        for (const node of root.querySelectorAll("*")) {
            if (/^H[1-6]$/.test(node.tagName))
                found.push([Number(node.tagName[1]), parseFloat(getComputedStyle(node).fontSize)]);
            if (node.shadowRoot) walk(node.shadowRoot);
        }
    };
    walk(document.querySelector("[data-testid=stMain]"));
    return found;
}"""
"""Level and size in pixels of each heading of a page, in their order."""
PAGES = [
    ("results", {"show": "Report"}, "Where the figures come from"),
    ("classes", {}, "Archive a class"),
    ("export", {}, "Model"),
    ("compare", {}, "Fewer than two finished trainings"),
    ("benchmark", {}, "Or as a published study did"),
]
"""Name, what its address says, and its last heading."""


def test_headings_go_down_one_level_at_a_time_and_numbers_are_none(page: Page, served: Served) -> None:
    project, _ = finished(served, "headings", [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    for name, params, last in PAGES:
        page.goto(served.address(name, project=project, **params))
        expect(page.get_by_role("heading", name=last, exact=True)).to_be_visible()
        found = page.evaluate(HEADINGS)
        assert [level for level, _ in found] == [1, *[2] * (len(found) - 1)], name
        assert all(size < found[0][1] * 0.7 for _, size in found[1:]), "a section is no title"


def test_a_picture_is_called_by_all_that_is_written_on_it_and_holds_no_button(page: Page, served: Served) -> None:
    project, _ = finished(served, "called", [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    page.goto(served.address("results", project=project, show="Mistakes"))
    card = page.get_by_role("option").first
    expect(card).to_have_accessible_name("picture-04.png: healthy. is healthy · said rust, 80% sure")
    expect(card.get_by_role("button", include_hidden=True)).to_have_count(0)
    card.hover()
    card.get_by_title("Look closely").click()
    expect(page.get_by_role("dialog", name="One picture, large")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="One picture, large")).to_be_visible()
