"""No page starts what would fail because its pretrained weights cannot be had here now."""

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.cli import build
from core.catalogue import published_weights
from core.errors import WeightsUnavailable
from core.graft import Graft
from core.recipes import OUT_OF_REACH
from core.types import ProjectId, Task

THERE = "cannot be downloaded from here now, and without them the training fails"


@pytest.fixture(autouse=True)
def away(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> None:
    """No host answers, and of the weights only one network's lie in the home; no page is around the forms."""
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    monkeypatch.setattr("core.services.weights._answers", lambda url: False)
    graft.settings.weights.mkdir(parents=True, exist_ok=True)
    (graft.settings.weights / published_weights("vgg16")).touch()
    for place in ("app.views.train.page_link", "app.parts.pretraining_form.page_link"):
        monkeypatch.setattr(place, lambda *words, **more: None)  # links need the whole app


def script(page: str, project: int) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    from app.context import graft
    from app.views.benchmark import new_comparison
    from app.views.pretrain import new_pretraining
    from app.views.search import new_search
    from app.views.train import new_training
    from core.types import ProjectId

    found = graft().projects.read(ProjectId(project))
    if page in ("search", "train"):
        {"search": new_search, "train": new_training}[page](found)
    else:
        {"benchmark": new_comparison, "pretrain": new_pretraining}[page](found.id)


def opened(page: str, project: ProjectId) -> AppTest:
    found = AppTest.from_function(script, default_timeout=60, kwargs={"page": page, "project": project}).run()
    assert not found.exception
    return found


def choose(page: AppTest, label: str, value: str) -> None:
    next(item for item in page.selectbox if item.label == label).select(value).run()


def press(page: AppTest, label: str) -> None:
    next(item for item in page.button if item.label == label).click().run()
    assert not page.exception


def test_a_published_study_whose_weights_cannot_be_had_is_refused_with_the_ways_out(
    graft: Graft, project: ProjectId
) -> None:
    page = opened("benchmark", project)
    page.button(key="study-start-paddy").click().run()
    (told,) = page.error
    names = r"timm\:mobilenetv1\_100, timm\:legacy\_xception, resnet34"
    assert told.value.startswith(f"The weights of {names} {THERE}")
    assert r"install the files of those that are torchvision's \(graft weights install\)" in told.value
    assert graft.training.list(project) == []


def test_a_study_is_trained_from_nothing_where_that_is_asked_for_and_one_that_is_at_hand_as_ever(
    graft: Graft, project: ProjectId
) -> None:
    page = opened("benchmark", project)
    page.button(key="study-start-location").click().run()  # VGG16 is at hand, the other knows nothing anyway
    assert [(run.recipe or {})["weights"] for run in graft.training.list(project)] == ["imagenet", "none"]
    choose(page, "What they know already", "none")
    page.button(key="study-start-chest").click().run()
    assert not page.error
    assert [(run.recipe or {})["weights"] for run in graft.training.list(project)][:2] == ["none", "none"]


@pytest.mark.parametrize(
    ("page", "start", "label"),
    [
        ("train", "What it knows already", "Start training"),
        ("search", "What they know already", "Start the search"),
        ("pretrain", "What it knows already", "Start"),
    ],
)
def test_no_other_page_starts_it_either(graft: Graft, project: ProjectId, page: str, start: str, label: str) -> None:
    shown = opened(page, project)
    choose(shown, start, "imagenet")
    press(shown, label)
    assert [item.value.partition(" cannot")[0] for item in shown.error] == [r"The weights of mobilenet\_v3\_small"]
    assert not graft.training.list(project) and not graft.searches.list(project)
    assert not graft.pretraining.list(project)


def test_only_what_starts_from_published_weights_needs_them(graft: Graft) -> None:
    for asked, ways in (
        (["resnet18", "graft:tiny_cnn", "vgg16"], "once, install their files (graft weights install), or choose"),
        (["timm:resnet18"], "once, or choose another start: nothing"),
    ):
        with pytest.raises(WeightsUnavailable, match=f"The weights of {asked[0]} {THERE}") as caught:
            graft.training.ensure_reach("imagenet", asked)
        assert ways in caught.value.hint
    for weights in ("none", "bundled", "run:3", "file:/there.pth"):
        graft.training.ensure_reach(weights, ["resnet18"])


@pytest.mark.parametrize(
    "asked",
    [["train"], ["train", "--preset", "instant", "--set", "mixup=0.2"], ["search"], ["find-rate"],
     ["benchmark", "--backbones", "mobilenet_v3_small"]],
)  # fmt: skip
def test_what_a_command_refuses_it_refuses_before_it_says_what_would_be(graft: Graft, asked: list[str]) -> None:
    graft.projects.create("Empty", Task.SINGLE)
    refused = CliRunner().invoke(build(), [asked[0], "Empty", *asked[1:], "--home", str(graft.settings.home)])
    assert refused.exit_code == 1 and refused.stdout == ""
    assert refused.stderr.count("\n") == 1 and "two classes with 5 labelled pictures" in refused.stderr


def test_what_a_command_starts_it_says_from_what_it_starts(graft: Graft, project: ProjectId) -> None:
    started = CliRunner().invoke(build(), ["train", "Colours", "--home", str(graft.settings.home)])
    assert started.exit_code == 0 and OUT_OF_REACH in started.stderr.splitlines()
    chosen = CliRunner().invoke(
        build(), ["train", "Colours", "--set", "weights=bundled", "--home", str(graft.settings.home)]
    )
    assert chosen.exit_code == 0 and OUT_OF_REACH not in chosen.stderr
