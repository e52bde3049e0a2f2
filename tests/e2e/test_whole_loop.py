"""The whole loop on real photographs, as an expert walks it; skipped where they are not on this machine."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from core.types import ProjectId, RunState
from tests.e2e.choosing import choose
from tests.e2e.served import Served

STRESS = {"0": "healthy", "1": "leaf miner", "2": "rust", "3": "phoma", "4": "cercospora"}


@pytest.fixture(scope="module")
def leaves(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 photographs of each of two kinds, in folders named like classes; 6 more without a label."""
    import csv

    folder = tmp_path_factory.mktemp("leaves")
    with (shared_data / "coffee_leaf" / "dataset.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for code in ("0", "3"):
        of_kind = [row["id"] for row in rows if row["predominant_stress"] == code][:33]
        for number, name in enumerate(of_kind):
            target = folder / ("labelled/" + STRESS[code] if number < 30 else "new")
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(shared_data / "coffee_leaf" / "leaf" / f"{name}.jpg", target / f"{name}.jpg")
    return folder


def upload(page: Page, label: str, files: list[Path] | Path) -> None:
    page.get_by_label(label, exact=True).set_input_files(files)


def test_from_photographs_to_a_model_that_is_understood(
    page: Page, served: Served, jobs: Served, interactive: Served, leaves: Path
) -> None:
    # A project, made in the browser.
    page.goto(served.url)
    page.get_by_label("Name", exact=True).first.fill("Coffee")
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/images**")

    # Pictures by folder, over a connection that breaks on the way.
    broken: list[str] = []

    def break_twice(route: Route) -> None:
        if route.request.method == "PATCH" and len(broken) < 2:
            broken.append(route.request.url)
            route.abort()
        else:
            route.fallback()

    page.route("**/api/uploads/**", break_twice)
    upload(page, "Choose a folder", leaves / "labelled")
    expect(page.get_by_text("Added", exact=True)).to_be_visible(timeout=120_000)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("60")
    assert len(broken) == 2
    project = ProjectId(served.graft.projects.list()[0].id)
    assert sorted(item.name for item in served.graft.projects.read(project).classes) == ["healthy", "phoma"]

    # A training in the background; the page survives a reload.
    page.goto(served.address("train", project=project))
    page.get_by_role("radio", name="Instant").or_(page.get_by_text("Instant", exact=True)).first.click()
    choose(page, "What it knows already", "Drawn pictures (comes with Graft)")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**run=**")
    page.reload()
    expect(page.get_by_text("The model is ready.")).to_be_visible(timeout=120_000)
    run = served.graft.training.list(project)[0]
    assert run.state is RunState.DONE

    # Results: a cell of the matrix opens its pictures.
    page.get_by_role("link", name="See how good it is").click()
    page.wait_for_url("**/results**")
    cell = page.get_by_role("button", name="true phoma, predicted phoma")
    expect(cell).to_be_visible()
    cell.click()
    page.wait_for_url("**cell=**")
    page.get_by_role("option").first.click()

    # What it looks at in that picture.
    page.get_by_role("button", name="Look inside").click()
    page.wait_for_url("**/explain**image=**")
    expect(page.get_by_alt_text("Heatmap")).to_be_visible(timeout=60_000)

    # New pictures are answered.
    page.goto(served.address("predict", project=project, run=run.id))
    upload(page, "Choose files", sorted((leaves / "new").iterdir()))
    expect(page.get_by_text("6 pictures").first).to_be_visible(timeout=90_000)
