"""Labelling one picture at a time, in the browser."""

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select

from core.labels import ClassSpec
from core.store.db import reading
from core.store.tables import AnnotatorRow, LabelEventRow
from core.types import ImageState, ProjectId, Task
from tests.e2e.conftest import OpenPage
from tests.e2e.served import Served


def events(served: Served, project: ProjectId) -> int:
    with reading(served.graft.engine) as session:
        query = select(func.count()).select_from(LabelEventRow).where(LabelEventRow.project_id == project)
        return session.scalar(query) or 0


def start_labelling(page: Page, served: Served, project: ProjectId) -> None:
    page.goto(served.address("label", project=project))
    expect(page.locator(".foot .name")).to_have_text("picture-00.png")


def all_saved(page: Page) -> None:
    expect(page.get_by_role("status").filter(has_text="All saved")).to_be_visible()


def states(served: Served, project: ProjectId) -> dict[ImageState, int]:
    counts = served.graft.labelling.progress(project).by_state
    return {state: number for state, number in counts.items() if number}


def shown(page: Page) -> str:
    return page.locator(".foot .name").inner_text()


def test_keys_choose_a_class_and_go_on(page: Page, served: Served) -> None:
    project = served.project("keys")
    start_labelling(page, served, project)
    for key in "1212":
        page.keyboard.press(key)
    assert shown(page) == "picture-04.png"
    all_saved(page)
    classes = [item.id for item in served.graft.projects.read(project).classes]
    assert served.graft.labelling.progress(project).by_class == {classes[0]: 2, classes[1]: 2}
    expect(page.get_by_role("button", name="healthy")).to_contain_text("2")
    expect(page.get_by_text("4 of 12 pictures looked at")).to_be_visible()


def test_keys_pressed_faster_than_the_network_are_each_one_label(page: Page, served: Served) -> None:
    project = served.project("burst", pictures=40)
    start_labelling(page, served, project)
    failed: list[int] = []

    def fail_thrice(route: Route) -> None:
        if len(failed) == 3:
            route.fallback()
            return
        failed.append(1)
        route.abort()

    page.route("**/api/labels", fail_thrice)
    for index in range(40):
        page.keyboard.press("12"[index % 2])
    all_saved(page)
    assert len(failed) == 3 and events(served, project) == 40
    pictures = served.pictures(project)
    healthy, rust = (item.id for item in served.graft.projects.read(project).classes)
    queue = served.graft.labelling.upcoming(project, states=[ImageState.LABELLED])
    assert [item.id for item in queue] == pictures
    assert [item.classes for item in queue] == [(healthy,), (rust,)] * 20


def test_skip_unsure_back_and_undo(page: Page, served: Served) -> None:
    project = served.project("tools")
    start_labelling(page, served, project)
    page.keyboard.press("s")
    page.keyboard.press("u")
    page.keyboard.press("1")
    all_saved(page)
    assert states(served, project) == {
        ImageState.SKIPPED: 1, ImageState.UNSURE: 1, ImageState.LABELLED: 1, ImageState.UNLABELLED: 9,
    }  # fmt: skip
    page.keyboard.press("z")
    assert shown(page) == "picture-02.png"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("2")
    page.keyboard.press("z")  # back to unsure, not to nothing
    all_saved(page)
    assert states(served, project) == {ImageState.SKIPPED: 1, ImageState.UNSURE: 1, ImageState.UNLABELLED: 10}
    page.keyboard.press("ArrowRight")
    assert shown(page) == "picture-02.png"


def test_a_held_key_is_one_label(page: Page, served: Served) -> None:
    project = served.project("held")
    start_labelling(page, served, project)
    page.keyboard.down("1")
    page.keyboard.down("1")
    page.keyboard.up("1")
    all_saved(page)
    assert events(served, project) == 1


def test_a_key_typed_into_a_field_is_not_a_label(page: Page, served: Served) -> None:
    project = served.project("typing")
    start_labelling(page, served, project)
    page.get_by_role("textbox", name="Your name").fill("")
    page.get_by_role("textbox", name="Your name").press_sequentially("1su")
    page.get_by_role("textbox", name="Your name").press("Tab")
    assert shown(page) == "picture-00.png" and events(served, project) == 0


def test_zoom_move_and_light(page: Page, served: Served) -> None:
    start_labelling(page, served, served.project("zoom"))
    stage, image = page.locator(".stage"), page.locator(".stage img")
    stage.hover()
    page.mouse.wheel(0, -300)
    page.keyboard.press("b")
    page.keyboard.press("c")
    style = image.get_attribute("style") or ""
    assert "scale(1.2)" in style and "brightness(1.1) contrast(1.1)" in style
    before = image.bounding_box()
    page.mouse.down()
    page.mouse.move(500, 500)
    page.mouse.up()
    assert image.bounding_box() != before
    page.get_by_label("Brightness").fill("0.5")
    assert "brightness(0.5)" in (image.get_attribute("style") or "")
    page.keyboard.press("f")
    assert "scale" not in (image.get_attribute("style") or "") and "bright" not in (image.get_attribute("style") or "")


def test_labels_given_while_the_server_is_down_survive_a_reload_and_arrive_once(page: Page, served: Served) -> None:
    project = served.project("down")
    start_labelling(page, served, project)
    page.keyboard.press("1")
    all_saved(page)
    served.kill("web")
    for key in "2121":
        page.keyboard.press(key)
    expect(page.get_by_text("4 labels wait in this browser")).to_be_visible()
    served.start()
    page.reload()
    expect(page.locator(".foot .name")).to_have_text("picture-05.png")
    all_saved(page)
    assert events(served, project) == 5
    assert states(served, project) == {ImageState.LABELLED: 5, ImageState.UNLABELLED: 7}


def test_a_label_whose_answer_got_lost_is_not_doubled(page: Page, served: Served) -> None:
    project = served.project("lost answer")
    start_labelling(page, served, project)
    taken: list[int] = []

    def lose_first(route: Route) -> None:
        answer = route.fetch()
        taken.append(answer.status)
        if len(taken) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/api/labels", lose_first)
    page.keyboard.press("1")
    all_saved(page)
    assert taken == [200, 200] and events(served, project) == 1


def test_two_people_at_once_lose_nothing(open_page: OpenPage, served: Served) -> None:
    project = served.project("two people", pictures=20)
    people = {"Ada": open_page(), "Grace": open_page()}
    for name, page in people.items():
        start_labelling(page, served, project)
        page.get_by_role("textbox", name="Your name").fill(name)
        page.get_by_role("textbox", name="Your name").press("Enter")
        page.wait_for_function("document.cookie.includes('graft_annotator=" + name + "')")
        page.locator("h1").click()
    for _ in range(10):
        people["Ada"].keyboard.press("1")
        people["Grace"].keyboard.press("2")
    for page in people.values():
        all_saved(page)
    with reading(served.graft.engine) as session:
        query = (
            select(AnnotatorRow.name, func.count())
            .join(LabelEventRow, LabelEventRow.annotator_id == AnnotatorRow.id)
            .where(LabelEventRow.project_id == project)
            .group_by(AnnotatorRow.name)
        )
        assert dict(session.execute(query).all()) == {"Ada": 10, "Grace": 10}


def test_a_label_of_a_class_that_a_colleague_has_archived_is_kept_and_told_of(page: Page, served: Served) -> None:
    project = served.project("archived meanwhile")
    start_labelling(page, served, project)
    served.graft.classes.archive(project, served.graft.projects.read(project).classes[1].id)
    page.keyboard.press("2")
    expect(page.get_by_text("Saved, but archived meanwhile: rust. Reload the page")).to_be_visible()
    assert states(served, project) == {ImageState.LABELLED: 1, ImageState.UNLABELLED: 11}


def test_a_picture_of_an_archived_class_says_which(page: Page, served: Served) -> None:
    project = served.project("put away")
    served.label(project, served.pictures(project)[0], "rust")
    served.graft.classes.archive(project, served.graft.projects.read(project).classes[1].id)
    page.goto(served.address("label", project=project))
    page.get_by_text("Labelled", exact=True).click()
    expect(page.locator(".foot .marks")).to_have_text("labelled: rust (archived)")


def test_a_label_of_a_picture_that_a_colleague_has_deleted_is_kept_and_told_of(page: Page, served: Served) -> None:
    project = served.project("deleted meanwhile")
    start_labelling(page, served, project)
    first = served.pictures(project)[0]
    served.graft.gallery.delete(project, [first])
    page.keyboard.press("2")
    expect(page.get_by_text("Saved, but deleted meanwhile: picture-00.png.")).to_be_visible()
    assert states(served, project) == {ImageState.UNLABELLED: 11}
    served.graft.gallery.restore(project, [first])
    assert states(served, project) == {ImageState.LABELLED: 1, ImageState.UNLABELLED: 11}


def test_the_name_is_remembered_over_pages_and_a_reload(page: Page, served: Served) -> None:
    project = served.project("name")
    start_labelling(page, served, project)
    page.get_by_role("textbox", name="Your name").fill("Ada Müller")
    page.get_by_role("textbox", name="Your name").press("Enter")
    page.wait_for_function("document.cookie.includes('graft_annotator=Ada')")
    page.goto(served.address("gallery", project=project))
    expect(page.get_by_role("textbox", name="Your name")).to_have_value("Ada Müller")


def test_several_classes_are_chosen_before_going_on(page: Page, served: Served) -> None:
    project = served.project("multi", Task.MULTI, ["miner", "rust", "phoma"])
    start_labelling(page, served, project)
    for key in ("1", "3", "2", "2"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="phoma")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # none of them is a label, too
    all_saved(page)
    first, second = served.graft.labelling.upcoming(project, states=[ImageState.LABELLED])
    miner, _, phoma = (item.id for item in served.graft.projects.read(project).classes)
    assert (first.classes, second.classes) == ((miner, phoma), ())


def test_what_was_chosen_is_kept_by_whoever_goes_on_without_enter(page: Page, served: Served) -> None:
    project = served.project("no enter", Task.MULTI, ["miner", "rust"])
    start_labelling(page, served, project)
    page.keyboard.press("ArrowRight")  # nothing was chosen: nothing is given
    page.keyboard.press("2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.get_by_role("button", name="Back").click()
    assert shown(page) == "picture-01.png"
    all_saved(page)
    assert events(served, project) == 2
    classes = [item.id for item in served.graft.projects.read(project).classes]
    queue = served.graft.labelling.upcoming(project, states=[ImageState.LABELLED])
    assert [(item.name, item.classes) for item in queue] == [
        ("picture-01.png", (classes[1],)), ("picture-02.png", (classes[0],)),
    ]  # fmt: skip


def test_a_number_typed_is_kept_too_and_letters_are_keys_in_its_field(page: Page, served: Served) -> None:
    project = served.project("number keys", Task.REGRESSION, [])
    start_labelling(page, served, project)
    page.keyboard.type("3,5")  # wherever the focus is
    expect(page.get_by_label("Number")).to_have_value("3,5")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Number").press("s")
    assert shown(page) == "picture-02.png"
    page.get_by_label("Number").press_sequentially("7")
    page.keyboard.press("Enter")
    page.keyboard.press("u")
    page.keyboard.press("z")
    assert shown(page) == "picture-03.png"
    all_saved(page)
    assert states(served, project) == {ImageState.LABELLED: 2, ImageState.SKIPPED: 1, ImageState.UNLABELLED: 9}


def test_the_end_of_the_list_says_whether_every_picture_was_looked_at(page: Page, served: Served) -> None:
    project = served.project("end", pictures=3)
    start_labelling(page, served, project)
    for key in ("1", "ArrowRight", "1"):
        page.keyboard.press(key)
    expect(page.get_by_text("This was the last one. 1 picture still waits: ← goes back.")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("2")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Every picture has been looked at.")).to_be_visible()
    all_saved(page)
    page.get_by_text("Labelled", exact=True).click()
    expect(page.locator(".foot .name")).to_have_text("picture-00.png")
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("This was the last one. ← goes back.")).to_be_visible()


def test_undo_takes_back_ones_own_label_not_a_colleague_s(page: Page, served: Served) -> None:
    project = served.project("undone")
    start_labelling(page, served, project)
    served.label(project, served.pictures(project)[0], "rust", annotator="Ada")
    page.keyboard.press("1")
    page.keyboard.press("z")
    all_saved(page)
    (left,) = served.graft.labelling.upcoming(project, states=[ImageState.LABELLED])
    rust = served.graft.projects.read(project).classes[1].id
    assert (left.name, left.classes) == ("picture-00.png", (rust,))


def test_undo_takes_back_what_was_given_under_another_name(page: Page, served: Served) -> None:
    project = served.project("renamed meanwhile")
    start_labelling(page, served, project)
    page.keyboard.press("1")
    page.get_by_role("textbox", name="Your name").fill("Grace")
    page.get_by_role("textbox", name="Your name").press("Enter")
    page.wait_for_function("document.cookie.includes('graft_annotator=Grace')")
    page.locator("h1").click()
    page.keyboard.press("z")
    all_saved(page)
    assert states(served, project) == {ImageState.UNLABELLED: 12}


def test_a_number_is_typed_and_entered(page: Page, served: Served) -> None:
    project = served.project("number", Task.REGRESSION, [], settings={"unit": "cm²"})
    start_labelling(page, served, project)
    page.get_by_label("Number").fill("12.5")
    page.keyboard.press("Enter")
    expect(page.locator(".foot .name")).to_have_text("picture-01.png")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    all_saved(page)
    assert [item.number for item in served.graft.labelling.upcoming(project, states=[ImageState.LABELLED])] == [12.5, 7]


@pytest.mark.parametrize(
    ("typed", "number"), [("12,5", 12.5), ("0,125", 0.125), ("−3,5", -3.5), (".5", 0.5), ("1e3", 1000)]
)
def test_a_decimal_comma_is_one_as_a_point_is(page: Page, served: Served, typed: str, number: float) -> None:
    project = served.project(f"comma {typed}", Task.REGRESSION, [])
    start_labelling(page, served, project)
    page.get_by_label("Number").press_sequentially(typed)
    page.keyboard.press("Enter")
    all_saved(page)
    assert [item.number for item in served.graft.labelling.upcoming(project, states=[ImageState.LABELLED])] == [number]


def test_a_number_that_could_mean_two_is_asked_about(page: Page, served: Served) -> None:
    project = served.project("thousands", Task.REGRESSION, [])
    start_labelling(page, served, project)
    page.get_by_label("Number").press_sequentially("1,234")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1,234 could mean two numbers. Type 1234 or 1.234.")).to_be_visible()
    assert shown(page) == "picture-00.png" and events(served, project) == 0


def test_two_fingers_zoom_one_moves_and_one_scrolls_past_a_whole_picture(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    start_labelling(page, served, served.project("fingers"))
    page.wait_for_load_state("networkidle")
    image, box = page.locator(".stage img"), page.locator(".stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x + across, "y": y + down, "id": index} for index, (across, down) in enumerate(places)]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    for _ in range(2):
        touch("Start", (-20, 0))
        touch("Start", (-20, 0), (20, 0))
        touch("Move", (-30, 0), (30, 0))
        touch("Move", (-40, 0), (40, 0))
        touch("End")
        assert (image.get_attribute("style") or "").endswith("scale(2);")
        before = image.bounding_box()
        touch("Start", (0, 0))
        touch("Move", (30, 20))
        touch("End")
        after = image.bounding_box()
        assert before is not None and after is not None
        assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((30, 20))
        page.keyboard.press("f")
    touch("Start", (0, 0))
    for down in range(0, -200, -20):
        touch("Move", (0, down))
    touch("End")
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 100")
    assert "scale" not in (image.get_attribute("style") or "")
    page.get_by_role("button", name="Closer").click()
    assert "scale(1.5)" in (image.get_attribute("style") or "")
    finger.detach()


@pytest.mark.parametrize("width", [700, 1400])
def test_forty_classes_leave_the_picture_in_sight(page: Page, served: Served, width: int) -> None:
    made = served.graft.projects.create(
        f"forty {width}", Task.SINGLE, [ClassSpec(name=f"kind number {index}") for index in range(40)]
    )
    served.bring_in(made, 3)
    page.set_viewport_size({"width": width, "height": 900})
    start_labelling(page, served, made)
    box = page.locator(".stage").bounding_box()
    assert box is not None and box["y"] < 700 and box["height"] > 200
    page.get_by_role("button", name="kind number 39").click()
    all_saved(page)
    assert served.graft.labelling.progress(made).by_state[ImageState.LABELLED] == 1


def test_pictures_to_come_are_fetched_before_their_turn(page: Page, served: Served) -> None:
    project = served.project("ahead")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/full" in request.url else None)
    start_labelling(page, served, project)
    page.wait_for_load_state("networkidle")
    assert len(set(asked)) == 9  # the picture and eight to come
