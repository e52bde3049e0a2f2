"""Results in the browser: a cell of the confusion matrix opens its pictures, where a wrong label is mended."""

from playwright.sync_api import Page, expect

from core.labels import LabelValue
from core.store.predictions import PredictionRecord
from core.types import ProjectId, RunId, Split
from tests.e2e.served import Served
from tests.e2e.test_labelling import all_saved
from tests.finished import label, make_run, make_version

HEADLINES = ("Accuracy", "Balanced accuracy", "Macro F1")


def finished(served: Served, name: str, said: list[int]) -> tuple[ProjectId, RunId]:
    """A project of twelve pictures, six healthy and six rust, and a run that said `said` of them."""
    project = served.project(name)
    found, classes = served.pictures(project), [item.id for item in served.graft.projects.read(project).classes]
    truth = [index // 6 for index in range(12)]
    values = {image: LabelValue(classes=(classes[k],)) for image, k in zip(found, truth, strict=True)}
    label(served.graft, project, values)
    version = make_version(served.graft, project, found, [[k] for k in truth])
    records = [
        PredictionRecord(
            image_id=image, split=Split.TEST, truth_index=k, predicted_index=answer, confidence=0.8,
            probabilities=[0.8, 0.2] if answer == 0 else [0.2, 0.8],
        )
        for image, k, answer in zip(found, truth, said, strict=True)
    ]  # fmt: skip
    return project, make_run(served.graft, version, project, records)


def test_a_cell_opens_its_pictures_survives_a_reload_and_a_label_is_mended_there(page: Page, served: Served) -> None:
    project, _ = finished(served, "cells", [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    page.goto(served.address("results", project=project))
    cell = page.get_by_role("button", name="true healthy, predicted rust: 2")
    cell.click()
    title = page.get_by_role("heading", name="healthy, taken for rust · 2 pictures")
    expect(title).to_be_visible()
    page.reload()
    expect(title).to_be_visible()
    expect(cell).to_have_attribute("aria-pressed", "true")
    cards = page.get_by_role("option")
    expect(cards).to_have_count(2)
    cards.first.click()
    page.keyboard.press("2")
    all_saved(page)
    assert served.graft.results.drift(served.graft.results.finished(project)[0].id).changed == 1
    page.reload()
    expect(page.get_by_text("Since this training, 1 label was changed")).to_be_visible()
    expect(cell).to_be_visible()
    page.set_viewport_size({"width": 700, "height": 900})
    first, *others = (page.get_by_text(name, exact=True).bounding_box() for name in HEADLINES)
    assert all(box and first and abs(box["y"] - first["y"]) < 20 for box in others), "no card wraps alone"


def test_the_matrix_shows_shares_and_is_walked_by_arrow_keys(page: Page, served: Served) -> None:
    project, _ = finished(served, "shares", [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    page.goto(served.address("results", project=project))
    cell = page.get_by_role("button", name="true healthy, predicted healthy: 5")
    expect(cell).to_have_text("5")
    page.get_by_role("button", name="Share of the row").click()
    expect(cell).to_have_text("83")
    cell.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="true healthy, predicted rust: 1")).to_be_focused()


def test_two_runs_are_held_against_each_other(page: Page, served: Served) -> None:
    project, first = finished(served, "compared", [0] * 12)
    version = served.graft.training.read(first).version_id
    assert version is not None
    records = [
        PredictionRecord(image_id=image, split=Split.TEST, truth_index=k // 6, predicted_index=k // 6, confidence=0.9)
        for k, image in enumerate(served.pictures(project))
    ]
    second = make_run(served.graft, version, project, records)
    page.goto(served.address("compare", project=project))
    expect(page.get_by_text(f"Run {second} against run {first}")).to_be_visible()
    expect(page.get_by_text(f"Accuracy: Run {second} is better by 50.0 points").first).to_be_visible()
    page.get_by_role("button", name="true rust, predicted rust: +6").click()
    expect(page.get_by_text(f"rust, said to be rust only by run {second} · 6 pictures")).to_be_visible()
    expect(page.get_by_text(f"rust, said to be rust only by run {first} · 0 pictures")).to_be_visible()
