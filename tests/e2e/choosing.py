"""To take one of a list of choices, or to press a button, on a page that may be drawn anew at any moment."""

from playwright.sync_api import Locator, Page, TimeoutError, expect

TRIES, OPENS_WITHIN_MS, ANSWERS_WITHIN_MS = 6, 5_000, 15_000


def choose(page: Page, name: str, option: str) -> None:
    """Open the list called `name` and take `option`; a list that closes as the page is drawn anew is opened again."""
    box = page.get_by_role("combobox", name=name)
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(TRIES):
        expect(box).to_have_count(1)  # where it moves, the old one stands beside it for a moment
        box.click()
        try:
            wanted.click(timeout=OPENS_WITHIN_MS)
        except TimeoutError:
            page.keyboard.press("Escape")
            continue
        expect(box).to_have_count(1)
        expect(box).to_have_value(option)
        return
    raise AssertionError(f'The list "{name}" was never seen with "{option}".')


def press(button: Locator, answer: Locator) -> None:
    """Press the button until the answer is seen: a button that is just replaced by a new one takes no click."""
    for _ in range(TRIES):
        button.click()
        try:
            answer.wait_for(timeout=ANSWERS_WITHIN_MS)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"Nothing answered {button}.")
