"""Looking inside a model and predicting new pictures, in the browser."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.store import predictions
from core.store.db import writing
from core.store.predictions import PredictionRecord
from core.types import ProjectId, RunId, Split
from tests.e2e.served import Served
from tests.made_models import model_of


@pytest.fixture(scope="module")
def trained(served: Served) -> Iterator[tuple[Served, ProjectId, RunId]]:
    """A project with a model that mistook two of three test pictures; its workers start after it was made."""
    project = served.project("leaves", pictures=4)
    model = model_of(served.graft, project)
    said = [
        PredictionRecord(
            image_id=image, blob=served.graft.gallery.image(image).blob, split=Split.TEST, truth_index=truth,
            predicted_index=0, confidence=0.8, probabilities=[0.8, 0.1, 0.1],
        )
        for image, truth in zip(served.pictures(project), (1, 2, 0), strict=False)
    ]  # fmt: skip
    with writing(served.graft.engine) as session:
        predictions.replace_predictions(session, model, said)
    served.worker("jobs")
    served.worker("interactive")
    yield served, project, model


def heat_shown(page: Page) -> str:
    """The address of the heatmap on the screen, once there is one."""
    heat = page.get_by_alt_text("Heatmap")
    expect(heat).to_be_visible(timeout=90_000)
    assert heat.evaluate("image => image.complete && image.naturalWidth > 0")
    return str(heat.get_attribute("src"))


def test_a_mistake_is_opened_with_the_heatmap_of_the_models_answer(
    page: Page, trained: tuple[Served, ProjectId, RunId]
) -> None:
    served, project, model = trained
    page.goto(served.address("explain", project=project, run=model))
    first = heat_shown(page)
    expect(page.locator(".strip button")).to_have_count(2)
    bars = page.locator(".bar")
    expect(bars.filter(has_text="model's answer")).to_have_attribute("aria-pressed", "true")
    expect(bars.filter(has_text="label")).to_have_count(1)
    other = bars.and_(page.locator('[aria-pressed="false"]')).first
    name = str(other.get_attribute("title"))
    other.click()
    expect(page.get_by_alt_text("Heatmap")).not_to_have_attribute("src", first)
    page.wait_for_url("**target=**")
    shown = heat_shown(page)
    page.reload()
    expect(page.locator('.bar[aria-pressed="true"]')).to_have_attribute("title", name)
    assert heat_shown(page).split("v=")[1] == shown.split("v=")[1]


def test_any_picture_is_opened_by_its_address_and_the_arrow_keys_go_on(
    page: Page, trained: tuple[Served, ProjectId, RunId]
) -> None:
    served, project, model = trained
    last = served.pictures(project)[3]
    page.goto(served.address("explain", project=project, run=model, image=last))
    heat_shown(page)
    expect(page.locator(".panel").get_by_role("heading")).to_have_text("picture-03.png")
    expect(page.locator(".facts")).to_contain_text("none yet")
    page.locator(".viewer").press("ArrowRight")
    expect(page.locator(".panel").get_by_role("heading")).not_to_have_text("picture-03.png")
    page.wait_for_url(lambda address: f"image={last}" not in address)


def test_the_page_stays_where_it_is_when_a_picture_opens(page: Page, trained: tuple[Served, ProjectId, RunId]) -> None:
    served, project, model = trained
    page.set_viewport_size({"width": 420, "height": 500})
    page.goto(served.address("explain", project=project, run=model))
    heat_shown(page)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0


def test_opacity_side_by_side_and_download_work_on_the_screen(
    page: Page, trained: tuple[Served, ProjectId, RunId]
) -> None:
    served, project, model = trained
    page.goto(served.address("explain", project=project, run=model, method="occlusion"))
    heat_shown(page)
    page.get_by_label("Heatmap", exact=True).and_(page.locator("input")).fill("0")
    expect(page.get_by_alt_text("Heatmap")).to_have_css("opacity", "0")
    with page.expect_download() as plain:
        page.get_by_role("button", name="Download PNG").click()
    page.get_by_label("Heatmap", exact=True).and_(page.locator("input")).fill("100")
    page.get_by_label("Side by side").check()
    expect(page.locator(".stage:visible")).to_have_count(2)
    with page.expect_download() as blended:
        page.get_by_role("button", name="Download PNG").click()
    without, over = (np.asarray(Image.open(item.value.path()).convert("RGB")) for item in (plain, blended))
    shown = page.locator(".panel").get_by_role("heading").inner_text()
    original = next(
        served.graft.gallery.image(image).blob
        for image in served.pictures(project)
        if served.graft.gallery.image(image).original_name == shown
    )
    assert np.array_equal(without, np.asarray(Image.open(served.graft.gallery.store.path(original)).convert("RGB")))
    assert over.shape == without.shape and not np.array_equal(over, without)
    assert blended.value.suggested_filename.endswith("-occlusion.png")


def test_dropped_pictures_are_answered_and_the_doubtful_go_to_labelling_once(
    page: Page, trained: tuple[Served, ProjectId, RunId], tmp_path: Path
) -> None:
    served, project, model = trained
    random = np.random.default_rng(5)
    for index in range(6):
        Image.fromarray(random.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(tmp_path / f"new-{index}.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    page.goto(served.address("predict", project=project, run=model))
    page.get_by_label("Choose files").set_input_files(sorted(tmp_path.iterdir()))
    expect(page.get_by_text("What the model says of 6 pictures")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("1 file could not be read")).to_be_visible()
    heat_shown(page)
    job = served.graft.predictions.list(project)[0].id
    with page.expect_download() as table:
        page.get_by_role("link", name="Download as CSV").click()
    lines = Path(table.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 8 and table.value.suggested_filename == f"predictions-{job}.csv"
    page.get_by_role("slider", name="Doubtful").press("End")
    send = page.get_by_role("button", name="to labelling")
    for message in ("6 pictures added", "0 pictures added"):
        expect(send).to_contain_text("Send 6 pictures")
        send.click()
        expect(page.get_by_text(message)).to_be_visible()
    assert served.graft.labelling.progress(project).total == 10


def test_what_is_circled_on_the_screen_is_kept_at_its_place(
    page: Page, trained: tuple[Served, ProjectId, RunId]
) -> None:
    served, project, model = trained
    image = served.pictures(project)[1]
    page.goto(served.address("explain", project=project, run=model, image=image, method="gradcam"))
    heat_shown(page)
    page.get_by_role("button", name="Circle it (0 of 20)").click()
    expect(page.get_by_alt_text("Heatmap").first).to_be_hidden()  # it must not lead the hand
    shown = page.locator(".stage:visible img").first.evaluate(
        """image => {
            const box = image.getBoundingClientRect(), wide = image.naturalWidth, high = image.naturalHeight;
            const scale = Math.min(box.width / wide, box.height / high);
            const [width, height] = [wide * scale, high * scale];
            return [box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width, height];
        }"""
    )
    left, top, width, height = shown
    page.mouse.move(left + 0.25 * width, top + 0.5 * height)
    page.mouse.down()
    page.mouse.move(left + 0.75 * width, top + 0.9 * height, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="Circle it (1 of 20)")).to_be_visible()
    expect(page.locator(".stage:visible ellipse")).to_have_count(1)
    expect(page.get_by_alt_text("Heatmap").first).to_be_visible()
    (drawn,) = served.graft.circles.of(project, [image])[image]
    assert [drawn.x, drawn.y, drawn.rx, drawn.ry] == pytest.approx([0.5, 0.7, 0.25, 0.2], abs=0.02)
    page.get_by_role("button", name="Remove circle").click()
    expect(page.get_by_role("button", name="Circle it (0 of 20)")).to_be_visible()
    assert served.graft.circles.of(project, [image]) == {}
