"""Looking for a recipe and for a learning rate, in the browser; the jobs run here, when the page has asked for them."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core.jobs import execute
from core.recipes import PRESETS
from core.types import Lane, ProjectId, RunState
from core.worker import handler
from tests.at_once import claim, complete, serve
from tests.e2e.choosing import press
from tests.e2e.served import Served


@pytest.fixture(scope="module")
def labelled(served: Served) -> Iterator[ProjectId]:
    project = served.project("Colours")
    for index, image in enumerate(served.pictures(project)):
        served.label(project, image, ("healthy", "rust")[index % 2])
    yield project


def test_a_search_is_asked_for_and_what_it_finds_is_saved_under_a_name(
    page: Page, served: Served, labelled: ProjectId
) -> None:
    page.goto(served.address("search", project=labelled))
    page.get_by_role("spinbutton", name="How long it may take, in minutes").fill("2")
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_text("Waits its turn")).to_be_visible()
    (asked,) = served.graft.searches.list(labelled)
    assert asked.payload["minutes"] == 2.0 and (asked.recipe or {})["preset"] == "balanced"
    served.graft.queue.cancel(asked.id)
    expect(page.get_by_text("It was stopped before it had begun.")).to_be_visible()

    start = PRESETS["instant"].with_settings({"image_size": "32", "weights": "bundled", "epochs": "4"})
    made = served.graft.searches.start(labelled, start, minutes=5, fields=["learning_rate"], trials=2)
    complete(served.graft, made)
    page.goto(served.address("search", project=labelled, run=made))
    expect(page.get_by_text(re.compile(r"Trial 2 is best|Nothing tried was better"))).to_be_visible()
    page.get_by_label("Save this recipe as").fill("Leaves of March")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. On the Train page")).to_be_visible()
    assert list(served.graft.recipes.list()) == ["Leaves of March"]


def test_a_range_test_draws_its_curve_and_its_rate_is_taken(page: Page, served: Served, labelled: ProjectId) -> None:
    page.goto(served.address("train", project=labelled))
    page.get_by_text("Instant", exact=True).first.click()
    # The form is drawn anew, from top to bottom; until that is over, what is Automatic's still stands there.
    expect(page.get_by_role("combobox", name="Network")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_text("Details", exact=True).click()
    expect(page.get_by_role("combobox", name="What learns")).to_have_value("The last layer alone")
    press(page.get_by_role("button", name="Find a good learning rate"), page.get_by_text("Waiting for its turn"))
    assert serve(served.graft) is RunState.DONE
    take = page.get_by_role("button", name=re.compile(r"^Take [\d.e-]+$"))
    expect(take).to_be_visible()
    rate = take.inner_text().split()[-1]
    take.click()
    expect(page.get_by_role("spinbutton", name="Learning rate")).to_have_value(re.compile(f"^{float(rate):.5g}$"))


def test_the_list_of_trainings_says_that_one_runs_as_soon_as_it_does(
    page: Page, served: Served, labelled: ProjectId
) -> None:
    recipe = PRESETS["instant"].with_settings({"image_size": "32", "weights": "bundled"})
    first, second = (served.graft.training.start(labelled, recipe) for _ in range(2))
    page.goto(served.address("train", project=labelled, run=first))
    listed = page.get_by_role("combobox", name="Trainings of this project")
    expect(listed).to_have_value(re.compile("waits$"))
    run = claim(served.graft, Lane.TRAINING)
    assert run.id == first
    expect(listed).to_have_value(re.compile("runs$"))
    for asked in (first, second):
        served.graft.queue.cancel(asked)
    execute(handler(run.kind), run, engine=served.graft.engine, settings=served.graft.settings)
    expect(listed).to_have_value(re.compile("stopped$"))
