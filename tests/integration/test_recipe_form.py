"""The details of a recipe on the page: every field is there, and what nobody touches stays as it is."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest

from app.parts.text import md
from core.catalogue import published_weights
from core.graft import Graft
from core.recipes import PRESETS, PUBLISHED, Recipe, from_nothing
from core.services.training import Training
from core.types import ProjectId, Task
from tests.integration.test_training import trained

BY_OTHERS = {"preset", "backbone", "weights"}
"""Fields that are chosen above the details."""
TINY = from_nothing(PRESETS["balanced"].with_settings({"backbone": "graft:tiny_cnn"}))
ODD = PRESETS["thorough"].with_settings(
    {
        "tune": "lora:4",
        "image_size": "1500",
        "epochs": "5000",
        "learning_rate": "5",
        "backbone_factor": "0",
        "seed": "7",
    }
)


def form(recipe: dict, project: int, home: str) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    import os

    os.environ["GRAFT_HOME"] = home
    import streamlit as st

    from app.context import graft
    from app.parts.recipe_details import recipe_details
    from core.recipes import Recipe
    from core.types import ProjectId

    st.session_state["found"] = recipe_details(Recipe.from_json(recipe), graft().projects.read(ProjectId(project)))


def opened(graft: Graft, task: Task, recipe: Recipe) -> AppTest:
    project: ProjectId = graft.projects.create(f"Some {task}", task)
    values = {"recipe": recipe.to_json(), "project": project, "home": str(graft.settings.home)}
    page = AppTest.from_function(form, default_timeout=60, kwargs=values).run()
    assert not page.exception
    return page


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("recipe", [*PRESETS.values(), TINY, ODD], ids=[*PRESETS, "tiny", "odd"])
def test_a_recipe_that_nobody_touched_comes_back_as_it_was(
    graft: Graft, task: Task, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    assert opened(graft, task, recipe).session_state["found"] == recipe


def test_every_field_has_its_widget_and_what_is_changed_is_changed(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    recipe = PRESETS["balanced"]
    page = opened(graft, Task.ORDINAL, recipe)
    widgets = [*page.selectbox, *page.number_input, *page.checkbox]
    fields = {str(item.key).removesuffix(f"-{recipe.hash}") for item in widgets}
    assert fields == {item.name for item in dataclasses.fields(Recipe)} - BY_OTHERS
    page.selectbox(key=f"loss-{recipe.hash}").select("corn")
    page.number_input(key=f"weight_decay-{recipe.hash}").set_value(0.3)
    page.run()
    assert page.session_state["found"] == dataclasses.replace(recipe, loss="corn", weight_decay=0.3)


def test_a_learning_rate_goes_up_and_down_in_steps_of_its_own_size(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    recipe = PRESETS["balanced"]
    rate = opened(graft, Task.SINGLE, recipe).number_input(key=f"learning_rate-{recipe.hash}")
    assert recipe.learning_rate == 0.002 and rate.step == pytest.approx(0.001)
    assert rate.decrement().value == pytest.approx(0.001), "a hundredth less would be less than nothing"


def test_two_steps_are_offered_only_where_there_are_two_branches(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    for recipe, there in ((TINY, True), (PRESETS["balanced"], False)):
        tune = opened(graft, Task.SINGLE if there else Task.MULTI, recipe).selectbox(key=f"tune-{recipe.hash}")
        assert ("Both branches apart, then joined" in tune.options) is there


@pytest.mark.parametrize(
    ("backbone", "attention", "lora"),
    [("mobilenet_v3_small", False, True), ("resnet18", False, False), ("timm:vit_small_patch16_224", True, True)],
)
def test_kinds_of_layers_are_offered_only_where_the_network_has_some(
    graft: Graft, backbone: str, attention: bool, lora: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    recipe = PRESETS["balanced"].with_settings({"backbone": backbone})
    tune = opened(graft, Task.SINGLE, recipe).selectbox(key=f"tune-{recipe.hash}")
    assert ("Attention only (transformers)" in tune.options) is attention
    assert ("Small additions (LoRA of rank 8, transformers)" in tune.options) is lora
    assert "Norm layers only" in tune.options


def test_what_changes_nothing_is_off_and_says_why(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    thorough, instant = PRESETS["thorough"], PRESETS["instant"]
    numbers = opened(graft, Task.REGRESSION, thorough)
    for field in ("mixup", "cutmix", "label_smoothing"):
        assert numbers.number_input(key=f"{field}-{thorough.hash}").disabled, field
    assert "these are numbers" in numbers.number_input(key=f"mixup-{thorough.hash}").help
    assert numbers.checkbox(key=f"zero_gamma-{thorough.hash}").disabled, "it starts from photographs"
    head = opened(graft, Task.SINGLE, instant)
    for field in ("backbone_factor", "layer_decay", "warmup", "batch_size", "ema"):
        assert head.number_input(key=f"{field}-{instant.hash}").disabled, field
    head.selectbox(key=f"tune-{instant.hash}").select("all").run()
    assert not head.number_input(key=f"warmup-{instant.hash}").disabled
    head.selectbox(key=f"loss-{instant.hash}").select("focal").run()
    smoothing = head.number_input(key=f"label_smoothing-{instant.hash}")
    assert smoothing.disabled and "'focal'" in smoothing.help


@pytest.mark.parametrize(
    ("task", "tune", "offered", "kept"),
    [(Task.SINGLE, "all", 5, "sampling"), (Task.SINGLE, "head", 4, "ignore"), (Task.MULTI, "all", 5, "sampling")],
)
def test_for_rare_classes_only_what_is_done_is_offered(
    graft: Graft, task: Task, tune: str, offered: int, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    recipe = PRESETS["balanced"].with_settings({"tune": tune, "imbalance": "sampling"})
    page = opened(graft, task, recipe)
    assert len(page.selectbox(key=f"imbalance-{recipe.hash}").options) == offered
    assert page.session_state["found"].imbalance == kept, "as it would be learnt"


def starting(project: int, home: str) -> None:
    """The form of a training: runs on its own, so that it imports what it needs."""
    import os

    os.environ["GRAFT_HOME"] = home
    import streamlit as st

    from app.context import graft
    from app.parts.recipe_form import recipe_form
    from core.types import ProjectId

    st.session_state["wanted"] = recipe_form(graft().projects.read(ProjectId(project)))


def test_what_was_chosen_automatically_can_be_changed_and_is_then_no_longer_explained(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.training.usual_weights", lambda settings, backbone: "bundled")
    project = graft.projects.create("Leaves", Task.SINGLE)
    values = {"project": project, "home": str(graft.settings.home)}
    page = AppTest.from_function(starting, default_timeout=60, kwargs=values).run()
    assert any("whole network learns" in item.value for item in page.markdown)
    tune = next(item for item in page.selectbox if item.label == "What learns")
    tune.select("norm").run()
    assert not any("whole network learns" in item.value for item in page.markdown)
    assert any("there is no GPU" in item.value for item in page.markdown)
    next(item for item in page.button if item.label == "Start training").click().run()
    wanted = page.session_state["wanted"]
    recipe = wanted.recipe
    assert wanted.reasons and not any("whole network" in reason for reason in wanted.reasons)
    assert (recipe.preset, recipe.tune, recipe.weights) == ("automatic", "norm", "bundled")


def test_what_folds_leave_out_is_asked_where_pictures_name_cases_and_groups(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.training.usual_weights", lambda settings, backbone: "bundled")
    values = {"project": graft.projects.create("Leaves", Task.SINGLE), "home": str(graft.settings.home)}

    def wanted(named: bool) -> list[str]:
        monkeypatch.setattr(Training, "names_both", lambda self, project: named)
        page = AppTest.from_function(starting, default_timeout=60, kwargs=values).run()
        found = []
        for how in ("folds", "shuffle"):
            next(item for item in page.selectbox if item.label == "How it is judged").select(how).run()
            for asked in (item for item in page.selectbox if item.label == "What is left out as a whole"):
                asked.select("group").run()
            next(item for item in page.button if item.label == "Start training").click().run()
            found.append(page.session_state["wanted"].keep_together)
        return found

    assert wanted(True) == ["group", "group"]
    assert wanted(False) == ["case", "case"]


def test_what_is_kept_of_an_earlier_model_is_said_above_the_start(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.training.usual_weights", lambda settings, backbone: "bundled")
    first = trained(graft, project)
    values = {"project": project, "home": str(graft.settings.home)}
    page = AppTest.from_function(starting, default_timeout=60, kwargs=values).run()
    assert not any("Keeps its network" in item.value for item in page.caption)
    next(item for item in page.selectbox if item.label == "What it knows already").select("run").run()
    assert page.caption[-1].value == (rf"Goes on from run {first}. Keeps its network and what it knows of green, red\.")
    next(item for item in page.button if item.label == "Start training").click().run()
    assert page.session_state["wanted"].recipe.weights == f"run:{first}"


def comparing(home: str) -> None:
    """The form of a comparison: runs on its own, so that it imports what it needs."""
    import os

    os.environ["GRAFT_HOME"] = home
    import streamlit as st

    from app.parts.study_form import study_form

    st.session_state["wanted"] = study_form()


def test_a_comparison_can_start_from_what_graft_brings_where_that_fits_all_networks(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.training.usual_weights", lambda settings, backbone: "bundled")
    page = AppTest.from_function(comparing, default_timeout=60, kwargs={"home": str(graft.settings.home)}).run()

    def starts() -> tuple[int, str]:
        found = next(item for item in page.selectbox if item.label == "What they know already")
        return len(found.options), str(found.value)

    assert starts() == (2, "imagenet"), "of the two networks in the list, Graft brings weights for one"
    page.multiselect(key="study-networks").set_value(["mobilenet_v3_small"]).run()
    assert starts() == (3, "bundled")
    next(item for item in page.button if item.label == "Start").click().run()
    assert page.session_state["wanted"].recipe.weights == "bundled"
    page.multiselect(key="study-networks").set_value(["graft:light_cnn", "mobilenet_v3_small"]).run()
    assert starts() == (3, "bundled"), "what nobody published weights for begins from nothing anyway"
    page.multiselect(key="study-networks").set_value(["graft:light_cnn"]).run()
    assert starts() == (1, "none")


def test_weights_that_cannot_be_had_are_told_before_anything_fails(
    graft: Graft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.training.usual_weights", lambda settings, backbone: "imagenet")
    graft.settings.weights.mkdir(parents=True, exist_ok=True)
    (graft.settings.weights / published_weights("resnet18")).touch()
    monkeypatch.setattr("core.services.weights._answers", lambda url: False)
    page = AppTest.from_function(comparing, default_timeout=60, kwargs={"home": str(graft.settings.home)}).run()
    studies = page.warning[-1]
    assert r"inception\_resnet\_v2, efficientnet\_v2\_s" in studies.value, "those of published studies"
    page.multiselect(key="study-networks").set_value(["resnet18", "graft:light_cnn"]).run()
    assert [item.value for item in page.warning] == [studies.value]
    page.multiselect(key="study-networks").set_value(["resnet18", "efficientnet_b0"]).run()
    assert r"weights of efficientnet\_b0 cannot be downloaded" in page.warning[0].value


def test_one_click_starts_the_networks_of_a_published_study(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.services.training.usual_weights", lambda settings, backbone: "imagenet")
    monkeypatch.setattr("core.services.training.out_of_reach", lambda settings, backbones: [])
    page = AppTest.from_function(comparing, default_timeout=60, kwargs={"home": str(graft.settings.home)}).run()
    for key, study in PUBLISHED.items():
        told = next(item.value for item in page.markdown if md(study.title) in item.value)
        assert md(study.study) in told, "the paper stands beside its button"
        page.button(key=f"study-start-{key}").click().run()
        wanted = page.session_state["wanted"]
        assert (wanted.backbones, wanted.name) == (study.backbones, study.title)
        assert wanted.recipe == dataclasses.replace(PRESETS["balanced"], backbone=study.backbones[0])
    page.multiselect(key="study-networks").set_value(["graft:light_cnn"]).run()
    page.button(key="study-start-chest").click().run()
    assert page.session_state["wanted"].recipe.weights == "imagenet", "a network without weights decides for itself"
    page.multiselect(key="study-networks").set_value(["resnet18"]).run()
    next(item for item in page.selectbox if item.label == "What they know already").select("none").run()
    page.button(key="study-start-chest").click().run()
    assert page.session_state["wanted"].recipe.weights == "none"
