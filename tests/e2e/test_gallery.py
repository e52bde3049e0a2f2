"""Many pictures at once, their classes and their projects, in the browser."""

import httpx
from playwright.sync_api import Locator, Page, expect

from core.labels import LabelValue
from core.services.gallery import PictureFilter
from core.services.labelling import LabelEvent
from core.types import ClassId, ImageState, LabelKind, ProjectId, Task
from tests.e2e.choosing import choose, press
from tests.e2e.conftest import OpenPage
from tests.e2e.served import Served
from tests.e2e.test_labelling import all_saved, events


def open_gallery(page: Page, served: Served, project: ProjectId, **params: object) -> Locator:
    page.goto(served.address("gallery", project=project, **params))
    cards = page.get_by_role("option")
    expect(cards.first).to_be_visible()
    return cards


def chosen(page: Page, number: int) -> None:
    expect(page.get_by_role("status").filter(has_text="chosen")).to_have_text(
        f"{number} picture{'' if number == 1 else 's'} chosen"
    )


def by_class(served: Served, project: ProjectId) -> list[int]:
    counts = served.graft.labelling.progress(project).by_class
    return [counts.get(item.id, 0) for item in served.graft.projects.read(project).classes]


def test_shift_chooses_a_row_and_a_key_labels_it(page: Page, served: Served) -> None:
    project = served.project("shift")
    cards = open_gallery(page, served, project)
    cards.nth(1).click()
    cards.nth(4).click(modifiers=["Shift"])
    cards.nth(8).click()
    chosen(page, 5)
    page.keyboard.press("2")
    all_saved(page)
    assert by_class(served, project) == [0, 5] and events(served, project) == 5
    expect(cards.nth(8)).to_have_accessible_name("picture-08.png: rust")
    page.keyboard.press("z")
    all_saved(page)
    assert by_class(served, project) == [0, 0] and events(served, project) == 10


def test_dragging_chooses_what_it_touches(page: Page, served: Served) -> None:
    cards = open_gallery(page, served, served.project("drag"))
    first, last = cards.nth(0).bounding_box(), cards.nth(2).bounding_box()
    assert first and last
    page.mouse.move(first["x"] + 30, first["y"] + 60)
    page.mouse.down()
    page.mouse.move(last["x"] + 30, last["y"] + 70, steps=5)
    page.mouse.up()
    chosen(page, 3)
    page.keyboard.press("Escape")
    expect(page.get_by_role("option", selected=True)).to_have_count(0)


def test_all_on_the_page_are_labelled_while_the_server_is_down_and_kept_over_a_reload(
    page: Page, served: Served
) -> None:
    project = served.project("all")
    open_gallery(page, served, project)
    page.get_by_role("button", name="All on this page").click()
    chosen(page, 12)
    served.kill("web")
    page.get_by_role("button", name="healthy").first.click()
    expect(page.get_by_text("12 labels wait in this browser")).to_be_visible()
    served.start()
    page.reload()
    expect(page.get_by_role("option").first).to_have_accessible_name("picture-00.png: healthy")
    all_saved(page)
    assert by_class(served, project) == [12, 0] and events(served, project) == 12


def test_the_keyboard_alone_is_enough(page: Page, served: Served) -> None:
    project = served.project("keyboard")
    cards = open_gallery(page, served, project)
    cards.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    chosen(page, 1)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    chosen(page, 3)
    page.keyboard.press("Control+a")
    chosen(page, 12)
    page.keyboard.press("s")
    all_saved(page)
    assert served.graft.labelling.progress(project).by_state[ImageState.SKIPPED] == 12


def test_a_picture_is_looked_at_closely_and_labelled_there(page: Page, served: Served) -> None:
    project = served.project("close")
    cards = open_gallery(page, served, project)
    cards.nth(2).dblclick()
    dialog = page.get_by_role("dialog", name="One picture, large")
    expect(dialog).to_contain_text("3 of 12: picture-02.png")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("picture-03.png")
    page.keyboard.press("+")
    assert "scale(1.2)" in (dialog.locator("img").get_attribute("style") or "")
    page.keyboard.press("2")
    expect(dialog.locator(".chip")).to_have_text("rust")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    all_saved(page)
    assert by_class(served, project) == [0, 1]
    cards.nth(5).focus()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("picture-05.png")


def test_several_classes_are_given_and_taken(page: Page, served: Served) -> None:
    project = served.project("several", Task.MULTI, ["miner", "rust"])
    cards = open_gallery(page, served, project)
    cards.nth(0).click()
    page.keyboard.press("1")
    cards.nth(1).click()
    page.keyboard.press("2")
    page.keyboard.press("1")  # the second has it not yet: both get it
    all_saved(page)
    assert by_class(served, project) == [2, 2]
    page.keyboard.press("1")
    all_saved(page)
    assert by_class(served, project) == [0, 2]


def test_classes_given_one_after_another_are_one_word_and_are_undone_one_by_one(page: Page, served: Served) -> None:
    project = served.project("one word", Task.MULTI, ["miner", "rust"])
    both = tuple(item.id for item in served.graft.projects.read(project).classes)
    first = served.pictures(project)[0]
    event = LabelEvent(
        event_id="ada-said-both", image_id=first, kind=LabelKind.SET, value=LabelValue(classes=both), annotator="Ada"
    )
    assert not served.graft.labelling.record(project, [event]).rejected
    cards = open_gallery(page, served, project)
    cards.nth(0).click()
    for key in ("1", "1", "2", "2"):  # off and on again: in the end the same as Ada
        page.keyboard.press(key)
    all_saved(page)
    agreement = served.graft.agreement.read(project)
    assert agreement is not None and agreement.pictures == 1 and agreement.open == ()
    for left in ([1, 0], [1, 1], [0, 1], [1, 1]):
        page.keyboard.press("z")
        all_saved(page)
        assert by_class(served, project) == left
    assert served.graft.agreement.read(project) is None


def test_where_people_differ_stands_what_is_labelled_and_flagged_before_any_check(page: Page, served: Served) -> None:
    project = served.project("differing", Task.MULTI, ["miner", "rust"])
    first = served.pictures(project)[0]
    served.label(project, first, "rust", annotator="Ada")
    cards = open_gallery(page, served, project)
    cards.nth(0).click()
    for key in "2x":
        page.keyboard.press(key)
    all_saved(page)
    page.goto(served.address("check", project=project))
    expect(page.get_by_role("heading", name="Do people agree?")).to_be_visible()
    expect(page.get_by_role("option")).to_have_accessible_name(
        "picture-00.png: none of the classes, ⚑ flagged. Ada: rust · expert: none"
    )


def test_who_says_the_same_as_a_colleague_has_said_it_too(page: Page, served: Served) -> None:
    project = served.project("the same")
    served.label(project, served.pictures(project)[0], "rust", annotator="Ada")
    cards = open_gallery(page, served, project)
    cards.nth(0).click()
    page.keyboard.press("2")
    all_saved(page)
    agreement = served.graft.agreement.read(project)
    assert agreement is not None and agreement.people == ("Ada", "expert") and agreement.pairs[0].same == 1


def test_undo_in_the_gallery_takes_nothing_of_a_colleague_along(page: Page, served: Served) -> None:
    project = served.project("undone among many")
    cards = open_gallery(page, served, project)
    served.label(project, served.pictures(project)[0], "rust", annotator="Ada")
    for key in ("1", "x", "z", "z"):
        if key == "1":
            cards.nth(0).click()
        page.keyboard.press(key)
    all_saved(page)
    assert by_class(served, project) == [0, 1]


def test_control_a_chooses_all_before_anything_was_clicked(page: Page, served: Served) -> None:
    open_gallery(page, served, served.project("all at once"))
    page.keyboard.press("Control+a")
    chosen(page, 12)


def test_a_number_is_given_to_all_chosen(page: Page, served: Served) -> None:
    project = served.project("numbers", Task.REGRESSION, [], settings={"unit": "cm²"})
    cards = open_gallery(page, served, project)
    cards.nth(0).click()
    cards.nth(1).click()
    field = page.get_by_label("Number for the chosen pictures").first
    field.fill("3.5")
    field.press("Enter")
    all_saved(page)
    expect(cards.nth(1)).to_have_accessible_name("picture-01.png: 3.5 cm²")
    labelled = served.graft.labelling.upcoming(project, states=[ImageState.LABELLED])
    assert [item.number for item in labelled] == [3.5, 3.5]
    for typed, seen in (("0.0000004", "0.0000004"), ("1234567.8", "1,234,567.8"), ("-0,1", "-0.1")):
        field.fill(typed)
        field.press("Enter")
        expect(cards.nth(1)).to_have_accessible_name(f"picture-01.png: {seen} cm²")


def test_filters_live_in_the_address(page: Page, served: Served) -> None:
    project = served.project("filters")
    pictures = served.pictures(project)
    for image in pictures[:3]:
        served.label(project, image, "rust")
    cards = open_gallery(page, served, project)
    expect(cards).to_have_count(12)
    choose(page, "Class", "rust")
    expect(page.get_by_text("3 pictures").first).to_be_visible()
    rust = served.graft.projects.read(project).classes[1].id
    assert f"class={rust}" in page.url
    page.reload()
    expect(cards).to_have_count(3)
    page.get_by_role("textbox", name="Name or case").fill("-01")
    page.get_by_role("textbox", name="Name or case").press("Enter")
    expect(cards).to_have_count(1)
    assert "text=-01" in page.url
    page.get_by_role("textbox", name="Name or case").fill("nowhere")
    page.get_by_role("textbox", name="Name or case").press("Enter")
    expect(page.get_by_text("No picture here fits")).to_be_visible()
    expect(page.get_by_role("button", name="Show all")).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    expect(cards).to_have_count(12)


def test_what_is_deleted_can_be_undone_or_brought_back_with_its_label(page: Page, served: Served) -> None:
    project = served.project("deleting")
    served.label(project, served.pictures(project)[0], "rust")
    cards = open_gallery(page, served, project)
    cards.nth(0).click()
    cards.nth(1).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete 2 pictures").click()
    expect(cards).to_have_count(10)
    assert by_class(served, project) == [0, 0]
    page.get_by_role("button", name="Undo the deletion").click()
    expect(cards).to_have_count(12)
    served.graft.gallery.delete(project, served.pictures(project)[:1])
    cards = open_gallery(page, served, project, deleted=1)
    cards.nth(0).click()
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_text("No picture here fits")).to_be_visible()
    assert by_class(served, project) == [0, 1]
    assert len(served.pictures(project)) == 12


def test_the_way_back_right_after_deleting_belongs_to_its_project(page: Page, served: Served) -> None:
    other, project = served.project("another one"), served.project("deleting here")
    cards = open_gallery(page, served, project)
    cards.nth(0).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete 1 picture").click()
    expect(page.get_by_text("1 picture deleted.")).to_be_visible()
    choose(page, "Project", "another one")
    expect(cards).to_have_count(12)
    assert f"project={other}" in page.url
    expect(page.get_by_text("1 picture deleted.")).to_have_count(0)
    choose(page, "Project", "deleting here")
    page.get_by_role("button", name="Undo the deletion").click()
    expect(cards).to_have_count(12)


def test_pages_follow_one_another_without_a_gap(page: Page, served: Served) -> None:
    project = served.project("pages", pictures=130)
    cards = open_gallery(page, served, project)
    expect(cards).to_have_count(100)
    page.get_by_role("button", name="Next").first.click()
    expect(cards).to_have_count(30)
    expect(cards.first).to_contain_text(served.graft.gallery.image(served.pictures(project)[100]).original_name)
    expect(page.get_by_text("130 pictures · page 2")).to_be_visible()
    page.get_by_role("button", name="Back").first.click()
    expect(cards.first).to_contain_text("picture-00.png")
    page.go_back()  # the browser's own way back leads through the pages that were shown, and no others
    expect(cards).to_have_count(30)
    expect(page.get_by_text("130 pictures · page 2")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("130 pictures · page 1")).to_be_visible()
    open_gallery(page, served, project, text="picture", after=served.pictures(project)[99])
    served.graft.gallery.delete(project, served.pictures(project)[100:])
    page.reload()
    page.get_by_role("button", name="First page").click()
    expect(page.get_by_text("100 pictures")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name or case")).to_have_value("picture")


def test_a_name_is_shown_as_it_is(page: Page, served: Served) -> None:
    nasty = "<img src=x onerror=alert(1)> ![p](http://evil.example/p.png)"
    project = served.project(nasty, classes=[nasty, "rust"])
    served.label(project, served.pictures(project)[0], nasty)
    cards = open_gallery(page, served, project)
    expect(cards.first.locator(".chip")).to_have_text(nasty)
    page.goto(served.address("classes", project=project))
    expect(page.get_by_label("Name of class 1")).to_have_value(nasty)
    page.goto(served.url)
    # A letter without width keeps the browser from making a link of it.
    expect(page.get_by_text("![p](http\u2060://evil.example/p.png)").first).to_be_visible()
    expect(page.locator("[href*='evil.example']")).to_have_count(0)


def test_classes_are_renamed_reordered_and_added(page: Page, served: Served) -> None:
    project = served.project("renaming", classes=["healty", "rust"])
    served.label(project, served.pictures(project)[0], "rust")
    page.goto(served.address("classes", project=project))
    page.get_by_label("Name of class 1").fill("healthy")
    page.get_by_label("Move rust").press("ArrowUp")
    page.get_by_role("button", name="Add a class").click()
    page.keyboard.type("blight")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    read = served.graft.projects.read(project).classes
    assert [item.name for item in read] == ["rust", "healthy", "blight"]
    assert by_class(served, project) == [1, 0, 0]


def class_names(page: Page) -> list[str]:
    return [field.input_value() for field in page.get_by_label("Name of class").all()]


def test_a_finger_puts_classes_in_order(page: Page, served: Served) -> None:
    page.goto(served.address("classes", project=served.project("order", classes=["a", "b", "c"], pictures=0)))
    grips = page.locator(".grip")
    expect(grips).to_have_count(3)
    first, last = grips.first.bounding_box(), grips.last.bounding_box()
    assert first is not None and last is not None
    finger = page.context.new_cdp_session(page)
    x, y, far = first["x"] + 5, first["y"] + 5, last["y"] - first["y"]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 6):
        place = {"x": x, "y": y + far * step / 5}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.detach()
    assert class_names(page) == ["b", "c", "a"]
    page.keyboard.press("ArrowUp")
    assert class_names(page) == ["b", "a", "c"]


def test_a_key_given_twice_is_told_at_once(page: Page, served: Served) -> None:
    page.goto(served.address("classes", project=served.project("twice", pictures=0)))
    page.get_by_label("Key of rust").fill("1")
    expect(page.get_by_text("Several classes have the key 1.")).to_be_visible()
    expect(page.get_by_label("Key of healthy")).to_have_attribute("aria-invalid", "true")


def test_a_grade_is_given_by_the_key_it_is_called_by(page: Page, served: Served) -> None:
    page.goto(served.address("projects"))
    page.get_by_text("New project").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("By number")
    page.get_by_role("button", name="Add a class").click()
    for number, name in enumerate(["0", "1", "seven", "2"]):
        page.get_by_role("textbox", name=f"Name of class {number + 1}").press_sequentially(name)
        if number < 3:
            page.get_by_role("textbox", name=f"Name of class {number + 1}").press("Enter")
    keys = page.get_by_role("textbox", name="Key of")
    assert [field.input_value() for field in keys.all()] == ["0", "1", "3", "2"]
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Add images")).to_be_visible()
    made = served.graft.projects.named("By number")
    assert [(item.name, item.key) for item in made.classes] == [("0", "0"), ("1", "1"), ("seven", "3"), ("2", "2")]


def test_two_people_who_change_classes_at_once_lose_nothing(open_page: OpenPage, served: Served) -> None:
    project = served.project("two of us", classes=["rust", "miner"], pictures=0)
    one, other = open_page(), open_page()
    for page in (one, other):
        page.goto(served.address("classes", project=project))
        expect(page.get_by_label("Name of class 1")).to_have_value("rust")
    one.get_by_label("Name of class 1").fill("leaf rust")
    one.get_by_role("button", name="Save changes").click()
    expect(one.get_by_text("Saved.")).to_be_visible()
    other.get_by_label("Name of class 2").fill("leaf miner")
    other.get_by_role("button", name="Save changes").click()
    expect(other.get_by_text("Saved.")).to_be_visible()
    assert [item.name for item in served.graft.projects.read(project).classes] == ["leaf rust", "leaf miner"]
    one.get_by_label("Name of class 2").fill("mines")
    one.get_by_role("button", name="Save changes").click()
    expect(one.get_by_text("Somebody else has changed the name of 'miner' to 'leaf miner' meanwhile")).to_be_visible()
    expect(one.get_by_label("Name of class 2")).to_have_value("mines")
    expect(one.get_by_text("Somebody else has meanwhile called it “leaf miner”.")).to_be_visible()
    assert [item.name for item in served.graft.projects.read(project).classes] == ["leaf rust", "leaf miner"]


def test_a_merged_class_can_be_separated_again(page: Page, served: Served) -> None:
    project = served.project("merging", classes=["rust", "leaf rust"])
    served.label(project, served.pictures(project)[0], "rust")
    page.goto(served.address("classes", project=project))
    choose(page, "This class", "rust")
    choose(page, "becomes", "leaf rust")
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("rust is now leaf rust: 1 picture.")).to_be_visible()
    assert by_class(served, project) == [1]
    page.get_by_role("button", name="Separate again").click()
    expect(page.get_by_text("rust is in use again.")).to_be_visible()
    assert by_class(served, project) == [1, 0]


def delete_button(page: Page, project: ProjectId) -> Locator:
    """The one on this project's card: while the list is drawn, the first button can be another's."""
    return page.locator(f".st-key-delete-{project}").get_by_role("button")


def test_a_project_is_made_changed_deleted_and_brought_back(page: Page, served: Served) -> None:
    served.project("there before")  # else the form is open already
    page.goto(served.url)
    page.get_by_text("New project").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Potatoes")
    page.get_by_role("button", name="Add a class").click()
    page.keyboard.type("none")
    page.keyboard.press("Enter")
    page.keyboard.type("severe")
    page.get_by_label("Colour of class 2").fill("#aa0000")
    page.get_by_text("A grade in an order").click()
    expect(page.get_by_text("Lowest grade first.")).to_be_visible()
    expect(page.get_by_label("Name of class 2")).to_have_value("severe")  # what was typed outlives the change
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Add images")).to_be_visible()
    made = served.graft.projects.named("Potatoes")
    assert [(item.name, item.key) for item in made.classes] == [("none", "1"), ("severe", "2")]
    assert made.classes[1].colour == "#aa0000" and made.task is Task.ORDINAL
    page.goto(served.url)
    delete_button(page, made.id).click()
    page.get_by_role("button", name="Delete the project").click()
    expect(page.get_by_text("Deleted projects")).to_be_visible()
    page.get_by_text("Deleted projects").click()
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_text("Deleted projects")).to_be_hidden()
    assert served.graft.projects.named("Potatoes").id == made.id


def test_a_dialog_says_in_words_why_it_could_not_be_done(page: Page, served: Served) -> None:
    made = served.project("Overtaken", pictures=0)
    page.goto(served.address("projects"))
    question = page.get_by_role("dialog")
    press(delete_button(page, made), question.get_by_text("Overtaken"))
    served.graft.projects.delete(made)
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The project 'Overtaken' was deleted.")).to_be_visible()


def test_a_deleted_picture_is_no_longer_counted(served: Served) -> None:
    project = served.project("counting")
    served.graft.gallery.delete(project, served.pictures(project)[:5])
    assert served.graft.gallery.count(project, PictureFilter()).number == 7
    assert httpx.get(f"{served.url}/api/labels/queue?project={project}").json()["items"][0]["name"] == "picture-05.png"
    assert served.graft.gallery.count(project, PictureFilter(class_id=ClassId(1))).number == 0
