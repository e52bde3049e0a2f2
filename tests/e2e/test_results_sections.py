"""The sections of Results, Check and Map in the browser, on finished runs: read, used, and followed to pictures."""

import re
import tomllib
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core.graft import Graft
from core.jobs.payloads import CheckPayload, ForecastPayload, MapPayload, RobustnessPayload
from core.labels import LabelValue
from core.media.layouts import write_layouts
from core.services.results_judging import Use
from core.store import runs
from core.store.db import writing
from core.types import JsonObject, ProjectId, RunId, RunKind
from tests.e2e.choosing import choose, press
from tests.e2e.served import ROOT, Served
from tests.finished import make_job
from tests.integration.test_agreement import say
from tests.integration.test_judging import Field, steps

CONFIG = ROOT / ".streamlit" / "config.toml"
USUAL: JsonObject = {"far": 0.5, "sharp": 1.0, "light": 120.0}


@pytest.fixture(scope="module")
def field(served: Served) -> Field:
    return Field(served.graft)


@pytest.fixture(scope="module")
def judged(field: Field) -> RunId:
    """It errs under the old camera; one test picture is strange to it, one is blurred."""
    traits = [{**USUAL, "sharp": 1 + index % 5 / 10} for index in range(80)]
    traits[40] |= {"far": 9.0}
    traits[41] |= {"sharp": 0.01}
    return field.run(steps(80), wrong=range(62, 76), traits=traits)


def cards(page: Page) -> Locator:
    """The pictures that are shown."""
    return page.locator(".card").or_(page.get_by_role("option"))


def heading(page: Page, words: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("heading", name=words)


def test_a_decision_follows_what_is_asked_and_shows_whom_it_would_miss(
    page: Page, served: Served, field: Field, judged: RunId
) -> None:
    page.goto(served.address("results", project=field.project, run=judged, show="Decide"))
    expect(heading(page, "Of 1,000 pictures:")).to_be_visible()
    common = page.get_by_role("spinbutton", name=re.compile("where you will use it, how many have it"))
    common.fill("20")
    common.press("Enter")
    expect(page.get_by_text("of the 20 that have it")).to_be_visible()
    said = served.graft.judging.decision(judged, 1, Use(prevalence=0.02, miss=5))
    page.get_by_role("radio", name=f"Missed ({len(said.missed)})").click()
    expect(cards(page)).to_have_count(len(said.missed))
    assert "common-1=20" in page.url, "the question can be sent"


def test_what_it_does_not_answer_stands_there_with_its_reason_and_its_pictures(
    page: Page, served: Served, field: Field, judged: RunId
) -> None:
    page.goto(served.address("results", project=field.project, run=judged, show="When not to answer"))
    expect(page.get_by_text(re.compile(r"Of 100 pictures it answers"))).to_be_visible()
    page.get_by_role("radio", name="not like the training pictures").click()
    expect(heading(page, "Not like the training pictures · 1 picture")).to_be_visible()
    expect(page.get_by_text("40.png")).to_be_visible()


def test_a_decision_names_classes_as_people_wrote_them_and_begins_with_one_that_is_there(
    page: Page, served: Served
) -> None:
    field = Field(served.graft, names=("healthy", "P. infestans", "blight"), called="Latin")
    page.goto(served.address("results", project=field.project, run=field.run(steps(80)), show="Decide"))
    expect(page.get_by_role("combobox", name="A decision about")).to_have_value("P. infestans")


def test_charts_are_drawn_in_the_colours_of_the_theme(page: Page, served: Served, field: Field, judged: RunId) -> None:
    page.goto(served.address("results", project=field.project, run=judged, show="Classes"))
    expect(page.locator(".js-plotly-plot .point").first).to_be_visible()
    drawn = page.evaluate("document.querySelector('.js-plotly-plot')._fullData.map(trace => trace.marker.color)")
    assert drawn == tomllib.loads(CONFIG.read_text("utf-8"))["theme"]["chartCategoricalColors"][:2]


def test_a_weak_spot_is_named_and_opens_its_pictures(page: Page, served: Served, field: Field, judged: RunId) -> None:
    page.goto(served.address("results", project=field.project, run=judged, show="Weak spots"))
    expect(page.get_by_text(re.compile("The weakest is Camera: old"))).to_be_visible()
    table = page.get_by_test_id("stDataFrame").locator("canvas").first
    table.click(position={"x": 20, "y": 52}, force=True)  # the first line's box to choose it by
    expect(heading(page, "Camera: old · 20 pictures")).to_be_visible()
    expect(cards(page)).to_have_count(20)


def test_a_promise_can_be_raised_and_made_to_each_class(
    page: Page, served: Served, field: Field, judged: RunId
) -> None:
    page.goto(served.address("results", project=field.project, run=judged, show="How sure it is"))
    expect(page.get_by_text(re.compile("Promised 90%; of 40 test pictures"))).to_be_visible()
    page.get_by_role("slider", name="How often must the true answer be among those given?").press("ArrowRight")
    expect(page.get_by_text(re.compile("Promised 95%"))).to_be_visible()
    choose(page, "Promised to", "each class")
    expect(page.get_by_text(re.compile("never ruled out: blight"))).to_be_visible()


def test_the_robustness_card_says_how_sure_it_is_and_of_few_pictures_nothing(
    page: Page, served: Served, field: Field, judged: RunId
) -> None:
    shares, ends = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5], [[0.9, 1.0]] * 6
    shift = {
        "kind": "shift", "title": "Shifted by pixels", "strengths": ["as it is", *(f"{n} px" for n in range(1, 6))],
        "right": shares, "interval": ends, "changed": [0, 0.1, 0.2, 0.3, 0.4, 0.5],
        "changed_interval": [[0.04, 0.23]] * 6, "moved": [None] * 6,
    }  # fmt: skip
    result = {"pictures": 40, "numbers": False, "kinds": [shift]}
    make_job(served.graft, field.project, RunKind.ROBUSTNESS, RobustnessPayload(model=judged), result, judged)
    address = served.address("results", project=field.project, run=judged, show="Robustness")
    page.goto(address)
    expect(page.get_by_text(re.compile(r"single pixel changes 10% \(4% to 23%\) of the answers"))).to_be_visible()
    few = result | {"pictures": 5}
    make_job(served.graft, field.project, RunKind.ROBUSTNESS, RobustnessPayload(model=judged), few, judged)
    page.goto(address)
    expect(page.get_by_text("Not enough test pictures for a verdict: at least 20, and there are 5.")).to_be_visible()


def test_a_forecast_says_of_which_class_more_pictures_help(
    page: Page, served: Served, field: Field, judged: RunId
) -> None:
    def curve(name: str, rise: float) -> dict[str, Any]:
        path = [[0.6 + rise * step / 2, 0.55 + rise * step / 2, 0.65 + rise * step / 2] for step in range(3)]
        gains = [[rise * step / 2, rise * step / 4, rise * step] for step in range(3)]
        return {"class": name, "pictures": 30, "sizes": [10, 30], "tried": [[0.5, 0.4, 0.6], [0.6, 0.55, 0.65]],
                "ahead": [30, 60, 90], "path": path, "gains": gains, "tested": None}  # fmt: skip

    result = {"features": "a network", "pictures": 60, "together": "pictures", "reached": 0.9, "chance": 0.5,
              "curves": [curve("healthy", 0.0), curve("rust", 0.2)], "few": ["blight"], "left_out": [],
              "least": [20, 10], "largest": [30, 30]}  # fmt: skip
    make_job(served.graft, field.project, RunKind.FORECAST, ForecastPayload(model=judged), result, judged)
    address = served.address("results", project=field.project, run=judged, show="What to label next")
    page.goto(address)
    more = page.get_by_label("More pictures of a class")
    more.fill("30")
    more.press("Enter")
    lifted = re.compile("30 more pictures of rust should lift what is found of it from 60% to 70%")
    expect(page.get_by_text(lifted)).to_be_visible()
    expect(page.get_by_text("Not enough pictures of blight: at least 20 are needed.")).to_be_visible()
    few = result | {"curves": [], "few": ["healthy", "rust", "blight"], "largest": [12, 12]}
    make_job(served.graft, field.project, RunKind.FORECAST, ForecastPayload(model=judged), few, judged)
    page.goto(address)
    expect(page.get_by_text(re.compile("at least 20 of a class are needed.*most has 12"))).to_be_visible()


def test_the_forebears_of_a_model_are_drawn(page: Page, served: Served, field: Field, judged: RunId) -> None:
    child = field.run(steps(80))
    with writing(served.graft.engine) as session:
        session.get_one(runs.RunRow, child).parent_id = judged
    page.goto(served.address("results", project=field.project, run=child, show="Report"))
    expect(heading(page, "What it descends from")).to_be_visible()
    boxes = page.locator("svg text", has_text=re.compile(rf"Run\s({judged}|{child})\b"))
    expect(boxes).to_have_count(2)
    expect(page.get_by_text("its network, with a new last layer")).to_be_visible()


def check_of(graft: Graft, project: ProjectId, pictures: int, **found: Any) -> None:
    result: JsonObject = {
        "pictures": pictures, "labelled": pictures, "pairs": [], "leaks": [], "shortcuts": [], "quality": [],
        "label_errors": [], "splitting": {"features": "", "scores": []}, "counts": {}, "notes": [], **found,
    }  # fmt: skip
    make_job(graft, project, RunKind.CHECK, CheckPayload(), result)


def test_a_doubted_label_is_found_right_and_not_asked_about_again(page: Page, served: Served) -> None:
    project = served.project("Doubted")
    for image in (found := served.pictures(project)):
        served.label(project, image, "healthy")
    doubts = [
        {"image": image, "name": "", "split": None, "given": "healthy", "suggested": "rust", "margin": 0.9,
         "source": "run 1"}
        for image in found[:2]
    ]  # fmt: skip
    check_of(served.graft, project, 12, label_errors=doubts)
    page.goto(served.address("check", project=project))
    expect(page.get_by_text("2 pictures look more like another class")).to_be_visible()
    cards(page).first.click()
    page.get_by_role("button", name="Label is right").click()
    expect(page.get_by_text("1 picture looks more like another class")).to_be_visible()
    expect(page.get_by_text("1 label looked at and found right")).to_be_visible()


def test_of_copies_one_of_each_is_kept_by_a_click_and_they_come_back_by_another(page: Page, served: Served) -> None:
    project = served.project("Copied")
    first, second, third, *_ = served.pictures(project)
    pairs = [
        {"images": [first, other], "names": ["a", "b"], "splits": [None, None], "labels": [None, None],
         "across_splits": False, "conflict": False}
        for other in (second, third)
    ]  # fmt: skip
    spare = [[second, first], [third, first]]
    check_of(served.graft, project, 12, pairs=pairs, spare=spare, counts={"near_duplicates": 5})
    page.goto(served.address("check", project=project))
    expect(page.get_by_text("5 pairs of pictures look like one picture. Of these 2 are listed")).to_be_visible()
    answer = page.get_by_role("button", name="Delete 2 pictures")
    press(page.get_by_role("button", name="Keep one of each"), answer)
    answer.click()
    expect(page.get_by_text("3 pairs of pictures look like one picture. Check again to list them.")).to_be_visible()
    assert served.graft.labelling.progress(project).total == 10
    page.get_by_role("button", name="Undo the deletion").click()
    expect(page.get_by_text("Of these 2 are listed")).to_be_visible()


def test_where_people_differ_one_word_settles_it(page: Page, served: Served) -> None:
    graft = served.graft
    project = served.project("Two people")
    known = [item.id for item in graft.projects.read(project).classes]
    for n, image in enumerate(served.pictures(project)):
        say(graft, project, "Anna", image, LabelValue(classes=(known[n % 2],)))
        say(graft, project, "Ben", image, LabelValue(classes=(known[n % 2 if n else 1],)))
    check_of(graft, project, 12)
    page.goto(served.address("check", project=project))
    expect(page.get_by_text("They differ on 1 picture.")).to_be_visible()
    cards(page).first.click()
    page.get_by_role("button", name="Label is right").click()
    expect(page.get_by_text("1 disagreement looked at again since, and settled.")).to_be_visible()


def test_what_is_drawn_around_on_the_map_is_shown_below(page: Page, served: Served) -> None:
    project = served.project("Mapped", pictures=8)
    found = served.pictures(project)
    places = np.array([[-1, 0]] * 3 + [[1, 0]] * 5, np.float32)
    result = {"pictures": 8, "shown": 8, "features": "a network", "share": 0.5}
    run = make_job(served.graft, project, RunKind.MAP, MapPayload(), result)
    write_layouts(served.graft.settings.map_file(run), found, {"directions": places})
    page.goto(served.address("map", project=project))
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    expect(plot).to_be_visible()
    page.locator('.modebar-btn[data-title="Box Select"]').click()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 5, steps=5)
    page.mouse.up()
    expect(heading(page, "3 pictures drawn around")).to_be_visible()
    expect(cards(page)).to_have_count(3)


def test_every_page_opens_by_its_name(page: Page, served: Served) -> None:
    page.goto(served.address("projects"))
    expect(heading(page, "Projects")).to_be_visible()
