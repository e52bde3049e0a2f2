"""Naming classes, in the browser."""

from playwright.sync_api import Page, expect

from core.labels import ClassSpec
from core.services.classes import ClassEdit
from core.types import ProjectId
from tests.e2e.served import Served


def names(served: Served, project: ProjectId) -> list[str]:
    return [item.name for item in served.graft.projects.read(project).classes]


def expect_shown(page: Page, names: list[str]) -> None:
    inputs = page.get_by_role("textbox", name="Name of class")
    expect(inputs).to_have_count(len(names))
    for index, name in enumerate(names):
        expect(inputs.nth(index)).to_have_value(name)


def test_what_was_typed_and_not_saved_is_there_again_for_who_comes_back(page: Page, served: Served) -> None:
    project = served.project("drafts")
    page.goto(served.address("classes", project=project))
    page.get_by_role("button", name="Add a class").click()
    page.get_by_role("textbox", name="Name of class 3").fill("scab")
    page.get_by_role("textbox", name="Name of class 2").fill("orange rust")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.get_by_role("link", name="Gallery").first.click()
    expect(page.get_by_role("heading", name="Gallery", level=1)).to_be_visible()
    served.graft.classes.archive(project, served.graft.projects.read(project).classes[0].id)  # somebody else, meanwhile
    page.get_by_role("link", name="Classes").first.click()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    expect_shown(page, ["orange rust", "scab"])
    page.reload()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    assert names(served, project) == ["rust"]

    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert names(served, project) == ["orange rust", "scab"]
    expect_shown(page, ["orange rust", "scab"])
    expect(page.get_by_text("Not saved yet.")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("textbox", name="Name of class 2")).to_have_value("scab")
    expect(page.get_by_text("Not saved yet.")).to_have_count(0)


def test_what_was_discarded_does_not_come_back(page: Page, served: Served) -> None:
    project = served.project("discarded")
    page.goto(served.address("classes", project=project))
    page.get_by_role("textbox", name="Name of class 1").fill("well")
    page.get_by_role("button", name="Discard changes").click()
    page.reload()
    expect(page.get_by_role("textbox", name="Name of class 1")).to_have_value("healthy")


def called_otherwise(served: Served, project: ProjectId, names: list[str]) -> None:
    """Somebody else gives the classes these names."""
    edits = [
        ClassEdit(id=item.id, spec=ClassSpec(name=name, colour=item.colour, key=item.key))
        for item, name in zip(served.graft.projects.read(project).classes, names, strict=True)
    ]
    served.graft.classes.save(project, edits)


def test_what_somebody_else_changed_while_one_was_away_is_told_beside_what_was_typed(
    page: Page, served: Served
) -> None:
    project = served.project("two at once", classes=["rust", "miner"], pictures=0)
    page.goto(served.address("classes", project=project))
    page.get_by_role("textbox", name="Name of class 2").fill("mines")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.get_by_role("link", name="Gallery").first.click()
    expect(page.get_by_role("heading", name="Gallery", level=1)).to_be_visible()
    called_otherwise(served, project, ["rust", "leaf miner"])
    page.get_by_role("link", name="Classes").first.click()
    expect(page.get_by_role("textbox", name="Name of class 2")).to_have_value("mines")
    expect(page.get_by_text("Somebody else has meanwhile called it “leaf miner”.")).to_be_visible()
    page.get_by_role("button", name="Take theirs").click()
    expect_shown(page, ["rust", "leaf miner"])
    expect(page.get_by_text("Not saved yet.")).to_have_count(0)


def test_who_saves_after_somebody_else_sees_what_they_wrote_and_loses_nothing(page: Page, served: Served) -> None:
    project = served.project("one after the other", classes=["rust", "miner"], pictures=0)
    page.goto(served.address("classes", project=project))
    page.get_by_role("textbox", name="Name of class 2").fill("mines")
    page.get_by_role("textbox", name="Name of class 1").fill("leaf rust")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    called_otherwise(served, project, ["rust", "leaf miner"])
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Somebody else has changed the name of 'miner' to 'leaf miner' meanwhile")).to_be_visible()
    expect_shown(page, ["leaf rust", "mines"])
    expect(page.get_by_text("Somebody else has meanwhile called it “leaf miner”.")).to_be_visible()
    assert names(served, project) == ["rust", "leaf miner"]
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_text("Somebody else")).to_have_count(0)
    assert names(served, project) == ["leaf rust", "mines"]
