"""Learning without labels in the browser: begun, followed, stopped, and its weights used on the Train page."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Page, expect

from core.jobs.payloads import PretrainPayload
from core.store import runs
from core.store.db import writing
from core.types import ProjectId, RunId, RunState
from tests.e2e.served import Served
from tests.finished import end

NETWORK = "mobilenet_v3_small"
SHORT = PretrainPayload(backbone=NETWORK, method="", steps=3, image_size=32, batch_size=8, weights="")


def ended(
    served: Served, project: ProjectId, state: RunState, looks: Sequence[Mapping[str, float]], **how: Any
) -> RunId:
    """A pretraining that came to this end; `looks` are its signs, every 100 steps."""
    run_id = served.graft.pretraining.start(project, SHORT)
    with writing(served.graft.engine) as session:
        for number, values in enumerate(looks):
            runs.write_metrics(session, run_id, 100 * number, values)
    return end(served.graft, run_id, state, **how)


def test_too_few_pictures_are_said_before_anything_is_begun(page: Page, served: Served) -> None:
    project = served.project("Six", pictures=6)
    page.goto(served.address("pretrain", project=project))
    expect(page.get_by_text("there are 6, and it takes at least 16")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_enabled()  # from drawn pictures
    page.get_by_role("radio", name="Your pictures").or_(page.get_by_text("Your pictures", exact=True)).first.click()
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    expect(page.get_by_role("button", name="Start")).not_to_have_css("color", "rgb(255, 255, 255)")  # white on white
    page.get_by_test_id("stMain").get_by_role("link", name="Add images").click()
    page.wait_for_url("**/images**")


def test_a_collapse_is_warned_of_and_an_end_is_not_called_early(page: Page, served: Served) -> None:
    project = served.project("Ends", pictures=16)
    fell = [{"spread": 0.9, "rank": 20.0, "train/loss": 18.0}, {"spread": 0.01, "rank": 1.2, "train/loss": 2.0}]
    collapsed = ended(served, project, RunState.CANCELLED, fell)
    page.goto(served.address("pretrain", project=project, run=collapsed))
    expect(page.get_by_text(re.compile("it collapsed, and is of no use"))).to_be_visible()
    expect(page.get_by_role("button", name="Go on from where it stood")).to_be_visible()
    flat = [{"spread": 0.9, "rank": 20.0, "neighbours": 0.5, "train/loss": 18.0}] * 5
    page.goto(served.address("pretrain", project=project, run=ended(served, project, RunState.DONE, flat, result={})))
    expect(page.get_by_text(re.compile("nothing showed that it learnt"))).to_be_visible()
    failed = ended(served, project, RunState.FAILED, [], error="The machine ran out of memory.")
    page.goto(served.address("pretrain", project=project, run=failed))
    expect(page.get_by_text("The machine ran out of memory.")).to_be_visible()
    expect(page.get_by_text(re.compile("It ended before"))).to_be_hidden()


def test_a_network_learns_from_pictures_and_a_training_starts_from_it(page: Page, served: Served, jobs: Served) -> None:
    project = served.project("Own", pictures=20)
    for number, image in enumerate(served.pictures(project)):
        served.label(project, image, ("healthy", "rust")[number % 2])
    # Begun on the page, followed by its signs, stopped.
    page.goto(served.address("pretrain", project=project))
    expect(page.get_by_text("20 pictures of this project", exact=False)).to_be_visible()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**run=**")
    expect(page.get_by_text("Pictures lie apart")).to_be_visible(timeout=120_000)
    expect(page.get_by_text(re.compile("Of 100 labelled pictures, .* look most alike to"))).to_be_visible()
    expect(page.get_by_text("It is too early to say whether it learns.")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("It was stopped"))).to_be_visible(timeout=60_000)
    # A short one comes to its end: curves, and the way to use it.
    run = served.graft.pretraining.start(project, SHORT)
    page.goto(served.address("pretrain", project=project, run=run))
    expect(page.get_by_text(re.compile("The network is ready"))).to_be_visible(timeout=120_000)
    expect(page.get_by_text("Share of alike pictures of the same class (higher is better)")).to_be_visible()
    page.get_by_role("link", name="Train from it").click()
    page.wait_for_url("**/train**")
    start = page.get_by_role("combobox", name="What it knows already")
    expect(start).to_have_value("Your own pictures, without labels")
    chosen = page.get_by_role("combobox", name="Pretraining")
    expect(chosen).to_have_value(f"Run {run} · {NETWORK} · your pictures · VICReg")
    # What the other starts are good for stands beside it.
    page.get_by_role("button", name="What is each good for?").click()
    expect(page.get_by_text("Downloaded once, so Graft needs a network connection the first time")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Instant").or_(page.get_by_text("Instant", exact=True)).first.click()
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**run=**")
    trained = served.graft.training.list(project)[0]
    assert trained.parent_id == run and trained.recipe is not None and trained.recipe["weights"] == f"run:{run}"
    expect(page.get_by_text("The model is ready.")).to_be_visible(timeout=120_000)
