"""Fine-tuning on tiny pictures: every task, and every way it may be disturbed."""

import itertools
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from app.parts.run_status import took
from core.errors import Cancelled, GraftError, OutOfMemory
from core.features import PixelCache
from core.graft import Graft
from core.inference import trial as trial_module
from core.jobs.payloads import ImportPayload
from core.media import BlobStore
from core.models import Network, calibrate_batch_norm, load_model
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.tasks.spent import TIMINGS, Spent
from core.training import Group, Member, Part, Trainer, load_decisions, save_decisions, together
from core.training import fit as fit_module
from core.training import precision as precision_module
from core.training.plan import scheduled
from core.types import Lane, ProjectId, RunState, Split, Task
from tests.at_once import complete, serve

SIZE = 32
SMALL = {"image_size": str(SIZE), "weights": "none", "epochs": "3", "batch_size": "8", "backbone_factor": "1"}
GRADUAL: Recipe = PRESETS["balanced"].with_settings(SMALL)
WHOLE: Recipe = PRESETS["thorough"].with_settings(SMALL)


@dataclass
class Watcher:
    """Writes down what it is told; `at` is called at each step and may raise."""

    at: Callable[[int, int], None] = lambda epoch, done: None
    curves: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kept_epochs: list[int] = field(default_factory=list)

    def step(self, epoch: int, done: int, steps: int, seconds_left: float) -> None:
        assert 0 < done <= steps and seconds_left >= 0
        self.at(epoch, done)

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        self.curves.append((epoch, values))

    def kept(self) -> None:
        self.kept_epochs.append(self.curves[-1][0])

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def blobs(settings: Settings) -> list[str]:
    """24 pictures, red and green by turns, in the store and decoded."""
    import io

    random, found = np.random.default_rng(0), []
    for index in range(24):
        pixels = random.integers(0, 30, (40, 40, 3), dtype=np.uint8)
        pixels[..., index % 2] += 180
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        found.append(BlobStore(settings).put(file.getvalue()))
    PixelCache(settings, SIZE, "squash").fill(found)
    return found


def trainer(settings: Settings, blobs: list[str], recipe: Recipe, folder: Path, watcher: Watcher) -> Trainer:
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    network = Network("mobilenet_v3_small", 2, image_size=SIZE)
    pixels = PixelCache(settings, SIZE, "squash")
    pixels.fill(blobs)
    calibrate_batch_norm(network, pixels.batches(blobs, 8))
    targets = torch.arange(24) % 2
    return Trainer(
        network, pixels, Task.SINGLE, recipe, Part(blobs[:16], targets[:16]), Part(blobs[16:], targets[16:]),
        folder, watcher,
    )  # fmt: skip


@pytest.mark.parametrize(("scores", "best"), [((0.9, 0.3, 0.8), 0), ((0.5, 0.3, 0.8), 2)], ids=["start", "later"])
def test_a_training_that_only_gets_worse_keeps_the_head_that_it_began_with(
    settings: Settings, blobs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    scores: tuple[float, ...], best: int,
) -> None:  # fmt: skip
    said = iter(scores)
    monkeypatch.setattr(Trainer, "_judged", lambda self: (next(said), 1.0))
    watcher = Watcher()
    recipe = WHOLE.with_settings({"epochs": "2", "weights": "bundled"})
    whole = trainer(settings, blobs, recipe, tmp_path / "run", watcher)
    before = whole.network.head.weight.detach().clone()
    fit = whole.fit()
    assert (fit.best_epoch, fit.score) == (best, max(scores))
    much = before / whole.network.head.weight  # one number for all, where the head was only calmed
    assert torch.allclose(much, much.mean(), rtol=1e-4) is (best == 0)
    assert any("nothing was better" in note for note in watcher.notes) is (best == 0)


@pytest.mark.parametrize("task", [Task.SINGLE, Task.MULTI])
def test_pictures_of_a_rare_class_are_shown_as_often_as_the_others(
    settings: Settings, blobs: list[str], tmp_path: Path, task: Task
) -> None:
    recipe = WHOLE.with_settings({"weights": "none", "imbalance": "sampling"})
    rare = torch.tensor([1, *[0] * 15])
    targets = functional.one_hot(rare).float() if task is Task.MULTI else rare
    pixels = PixelCache(settings, SIZE, "squash")
    part = Part(blobs[:16], targets)
    network = Network("mobilenet_v3_small", 2, image_size=SIZE)
    batches = Trainer(network, pixels, task, recipe, part, part, tmp_path, Watcher()).endless_batches()
    drawn = torch.cat(list(itertools.islice(batches, 200)))
    assert float((drawn == 0).float().mean()) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("spoilt", [1, 2])
def test_weights_that_an_epochs_last_step_made_no_numbers_are_not_kept(
    settings: Settings, blobs: list[str], tmp_path: Path, spoilt: int
) -> None:
    """The loss of that step was taken before it."""
    recipe = WHOLE.with_settings({"epochs": "2", "weights": "none", "learning_rate": "0.01"})
    watcher = Watcher()
    whole = trainer(settings, blobs, recipe, tmp_path / "run", watcher)
    look = whole._look

    def spoil(train_loss: float) -> None:
        if whole.epoch == spoilt:
            with torch.no_grad():
                whole._shown.head.weight.fill_(math.nan)
        look(train_loss)

    whole._look = spoil  # type: ignore[method-assign]
    with pytest.raises(GraftError) as problem:
        whole.fit()
    last = f"{0.01 * scheduled(recipe, spoilt * whole.steps - 1, whole.steps):.2g}"
    assert (
        f"on the validation pictures, after step {whole.steps} of epoch {spoilt}, at a learning rate of {last}."
        in problem.value.message
    )
    assert last != "0.01"
    assert ("The last good weights, of epoch 1, are kept." in problem.value.message) is (spoilt == 2)
    assert "ten times smaller" in problem.value.hint


def test_a_head_that_is_too_sure_of_varied_pictures_is_calmed_before_the_network_learns(
    settings: Settings, blobs: list[str], tmp_path: Path
) -> None:
    """Its first steps would tear apart the features that it was learnt on."""
    recipe = WHOLE.with_settings({"epochs": "1", "weights": "bundled", "ema": "0.9"})
    whole = trainer(settings, blobs, recipe, tmp_path / "run", Watcher())
    with torch.no_grad():
        whole.network.head.weight.mul_(1000)
    before = {name: value.clone() for name, value in whole.network.state_dict().items()}
    whole._calm(epoch=1)
    after = {name: value.clone() for name, value in whole.network.state_dict().items()}
    much = before["head.weight"] / after["head.weight"]
    assert float(much.mean()) > 100 and torch.allclose(much, much.mean(), rtol=1e-4)
    assert all(torch.equal(after[name], before[name]) for name in after if not name.startswith("head."))
    assert whole.average is not None and torch.equal(whole.average.module.head.weight, whole.network.head.weight)
    whole._calm(epoch=1)  # it is as sure as it may be
    assert torch.allclose(whole.network.head.weight, after["head.weight"])


@pytest.mark.parametrize("recipe", [GRADUAL, WHOLE], ids=["gradual", "all"])
def test_a_training_killed_anywhere_ends_with_the_same_numbers(
    settings: Settings, blobs: list[str], tmp_path: Path, recipe: Recipe
) -> None:
    calm = Watcher()
    whole = trainer(settings, blobs, recipe, tmp_path / "calm", calm)
    expected = whole.fit()

    def kill(epoch: int, done: int) -> None:
        if (epoch, done) == (2, 2):
            raise KeyboardInterrupt

    killed = Watcher(at=kill)
    with pytest.raises(KeyboardInterrupt):
        trainer(settings, blobs, recipe, tmp_path / "killed", killed).fit()
    resumed = Watcher()
    second = trainer(settings, blobs, recipe, tmp_path / "killed", resumed)
    found = second.fit()
    assert resumed.notes == ["Going on from the end of epoch 1."]
    assert killed.curves + resumed.curves == calm.curves
    assert killed.kept_epochs == [1] and calm.kept_epochs == [epoch for epoch, _ in calm.curves]
    assert (found.best_epoch, found.score) == (expected.best_epoch, expected.score)
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name


def test_checkpoints_that_take_long_are_written_rarely_and_cost_no_numbers(
    settings: Settings, blobs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = WHOLE.with_settings({"epochs": "3", "weights": "none", "learning_rate": "0.01"})
    whole = trainer(settings, blobs, recipe, tmp_path / "calm", Watcher())
    expected = whole.fit()
    monkeypatch.setattr(fit_module, "SLOW_S", 0.0)
    monkeypatch.setattr(fit_module, "RARELY", 10**9)

    def kill(epoch: int, done: int) -> None:
        if (epoch, done) == (3, 1):
            raise KeyboardInterrupt

    first = trainer(settings, blobs, recipe, tmp_path / "killed", Watcher(at=kill))
    with pytest.raises(KeyboardInterrupt):
        first.fit()
    assert "of epoch 1, are kept" in str(first._broken("somewhere", 0.1)), "what can be gone on from"
    resumed = Watcher()
    second = trainer(settings, blobs, recipe, tmp_path / "killed", resumed)
    assert second.fit().score == expected.score
    assert resumed.notes == ["Going on from the end of epoch 1."]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, second.network.state_dict()[name]), name


def test_gradual_training_leaves_the_lower_stages_alone_at_first(
    settings: Settings, blobs: list[str], tmp_path: Path
) -> None:
    recipe = GRADUAL.with_settings({"epochs": "1", "patience": "0"})
    one = trainer(settings, blobs, recipe.with_settings({"epochs": "20"}), tmp_path / "a", Watcher())
    before = {name: value.clone() for name, value in one.network.state_dict().items()}
    one.epoch = 1
    one._one_epoch()
    changed = {name for name, value in one.network.state_dict().items() if not torch.equal(value, before[name])}
    assert any(name.startswith("head.") for name in changed)
    assert any(name.startswith("body.features.12") for name in changed)
    assert not any(name.startswith("body.features.0.") for name in changed)


def test_too_little_memory_halves_the_batch_and_says_so(
    settings: Settings, blobs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_forward = Network.forward

    def small_device(network: Network, pictures: torch.Tensor) -> torch.Tensor:
        if len(pictures) > 4 and network.training:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole_forward(network, pictures)

    monkeypatch.setattr(Network, "forward", small_device)
    watcher = Watcher()
    fit = trainer(settings, blobs, WHOLE, tmp_path / "run", watcher).fit()
    assert fit.epochs == 3
    assert watcher.notes == [
        "The device's memory is too small for 8 pictures at a time: going on with 4, gradients added up."
    ]


def test_a_device_that_fits_nothing_is_said(
    settings: Settings, blobs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_device(network: Network, pictures: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Network, "forward", no_device)
    with pytest.raises(OutOfMemory, match="Not even two pictures"):
        trainer(settings, blobs, WHOLE, tmp_path / "run", Watcher()).fit()


def test_gradients_added_up_are_those_of_the_whole_batch(settings: Settings, blobs: list[str], tmp_path: Path) -> None:
    gradients = []
    for micro in (8, 4):
        one = trainer(settings, blobs, WHOLE, tmp_path / str(micro), Watcher())
        one.network.eval()  # batch norm looks at the whole batch, which parts cannot
        one.gradients.micro_batch = micro
        one.gradients.add(one.network, one.pixels.read(blobs[:8]).float(), torch.arange(8) % 2)
        gradients.append(one.network.head.weight.grad)
    assert torch.allclose(gradients[0], gradients[1], atol=1e-5)


def test_a_loss_that_is_not_a_number_stops_with_a_sentence(
    settings: Settings, blobs: list[str], tmp_path: Path
) -> None:
    one = trainer(settings, blobs, WHOLE, tmp_path / "run", Watcher())
    one.epoch = 1
    one._one_epoch()
    one.loss_of = lambda logits, targets: logits.sum() * float("nan")
    one.epoch = 2
    with pytest.raises(
        GraftError, match=r"in step 1 of epoch 2, at a learning rate of .* last good weights, of epoch 1, "
    ):
        one._one_epoch()
    assert fit_module.load_checkpoint(tmp_path / "run")["epoch"] == 1  # type: ignore[index]
    first = trainer(settings, blobs, WHOLE, tmp_path / "first", Watcher())
    first.loss_of = one.loss_of
    first.epoch = 1
    with pytest.raises(GraftError, match=r"in step 1 of epoch 1, at a learning rate of [^ ]+ Start again"):
        first._one_epoch()  # nothing was kept yet


# The whole job, task by task.


@pytest.fixture
def import_colours(graft: Graft, tmp_path: Path) -> Callable[[Task, Callable[[int], str], list[str]], ProjectId]:
    def do(task: Task, label: Callable[[int], str], classes: list[str]) -> ProjectId:
        random = np.random.default_rng(0)
        folder = tmp_path / "in"
        folder.mkdir()
        lines = ["file,label"]
        for index in range(30):
            pixels = random.integers(0, 20, (40, 40, 3), dtype=np.uint8)
            pixels[..., 0] += 8 * index
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{index}.png")
            lines.append(f"{index}.png,{label(index)}")
        (folder / "labels.csv").write_text("\n".join(lines))
        project = graft.projects.create_from_names("Colours", task, classes)
        complete(graft, graft.imports.start(project, ImportPayload(source=str(folder))))
        return project

    return do


CASES = [
    (Task.ORDINAL, lambda index: str(index // 10), ["0", "1", "2"], 3),
    (Task.MULTI, lambda index: "dark|all" if index < 15 else "all", ["dark", "all"], 2),
    (Task.REGRESSION, lambda index: str(index / 2), [], 1),
]


@pytest.mark.parametrize(("task", "label", "classes", "outputs"), CASES, ids=[case[0].value for case in CASES])
@pytest.mark.parametrize("preset", ["instant", "thorough"])
def test_every_task_is_trained_and_answered(
    graft: Graft, import_colours: Callable[..., ProjectId], task: Task, label: Callable[[int], str],
    classes: list[str], outputs: int, preset: str,
) -> None:  # fmt: skip
    project = import_colours(task, label, classes)
    settings = {**SMALL, "epochs": "2" if preset == "thorough" else "30"}
    run_id = graft.training.start(project, PRESETS[preset].with_settings(settings))
    complete(graft, run_id)
    loaded = load_model(graft.settings.models / str(run_id))
    assert loaded.network.head.out_features == outputs and loaded.card.task is task
    view = graft.results.read(run_id, Split.TEST)
    assert view.scores.count == (5 if task is Task.REGRESSION else 6)
    assert ("by class" in view.split_rule) is (task is not Task.REGRESSION)
    assert {"train/loss", "validation/loss", "validation/score"} <= set(graft.training.curves(run_id))


def test_a_stopped_training_goes_on_when_asked(
    graft: Graft, import_colours: Callable[..., ProjectId], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine so busy that what was found fastest is not remembered, and is another way each time.
    found = itertools.cycle(["bfloat16", "float32"])
    monkeypatch.setattr(trial_module, "BUSY", -1)
    monkeypatch.setattr(precision_module, "TRYING", 0)
    monkeypatch.setattr(precision_module, "has_bfloat16", lambda device: True)
    monkeypatch.setattr(trial_module, "measure", lambda ways: {})
    monkeypatch.setattr(trial_module, "fastest", lambda seconds, plain: next(found))
    project = import_colours(Task.SINGLE, lambda index: "dark" if index < 15 else "light", ["dark", "light"])
    run_id = graft.training.start(project, WHOLE.with_settings({"precision": "auto"}))
    look = Trainer._look

    def stop_after_the_first(self: Trainer, loss: float) -> None:
        look(self, loss)
        raise Cancelled("The run was stopped.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_look", stop_after_the_first)
        assert serve(graft) is RunState.CANCELLED
    folder = graft.settings.models / str(run_id)
    before = Spent(folder).seconds
    save_decisions(folder, {**(load_decisions(folder) or {}), TIMINGS: {**before, "fit": 1000.0}})  # as if it had been
    assert graft.training.resume(run_id)
    assert serve(graft) is RunState.DONE
    run = graft.training.read(run_id)
    assert run.result is not None and run.result["notes"] == ["Going on from the end of epoch 1."]
    assert [step for step, _ in graft.training.curves(run_id)["train/loss"]] == [1, 2, 3]
    assert run.result["engine"]["precision"] == "bfloat16"  # type: ignore[index, call-overload]
    assert next(found) == "float32"
    spent = run.result["timings_s"]
    assert isinstance(spent, dict) and 1000 < spent["fit"] < 1060, "of both attempts"  # type: ignore[operator]
    assert spent["first_step"] == before["first_step"], "of the first attempt"
    assert took(run).endswith(" in 2 attempts")


def test_a_later_run_starts_from_an_earlier_one(graft: Graft, import_colours: Callable[..., ProjectId]) -> None:
    project = import_colours(Task.SINGLE, lambda index: "dark" if index < 15 else "light", ["dark", "light"])
    first = graft.training.start(project, WHOLE)
    assert serve(graft) is RunState.DONE
    second = graft.training.start(project, GRADUAL.with_settings({"weights": f"run:{first}", "epochs": "1"}))
    complete(graft, second)
    assert graft.training.read(second).parent_id == first


def test_each_lane_runs_one_job_at_a_time(graft: Graft, import_colours: Callable[..., ProjectId]) -> None:
    from datetime import UTC, datetime

    from core.store import runs
    from core.store.db import writing

    project = import_colours(Task.SINGLE, lambda index: "dark" if index < 15 else "light", ["dark", "light"])
    first, second = (graft.training.start(project, WHOLE) for _ in range(2))
    with writing(graft.engine) as session:
        taken = runs.claim_next(session, Lane.TRAINING, worker="one", now=datetime.now(UTC))
        assert taken is not None and taken.id == first
        assert runs.claim_next(session, Lane.TRAINING, worker="two", now=datetime.now(UTC)) is None
        runs.finish_run(session, first, taken.attempts, RunState.DONE, now=datetime.now(UTC))
    assert graft.training.runs_ahead(second) == 0


def with_room_for(count: int) -> None:
    """From now on no more pictures than that fit this process's memory in a step."""
    features = Network.forward_features

    def small(network: Network, pictures: torch.Tensor) -> torch.Tensor:
        found = features(network, pictures)
        if network.training and len(pictures) > count:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return found

    Network.forward_features = small  # type: ignore[method-assign]


class Crowded(Member):
    """A process whose memory is smaller than the first one's: it has room for three pictures at a time."""

    ROOM = 3

    def __call__(self, group: Group, device: torch.device) -> None:
        with_room_for(self.ROOM)
        Member.__call__(self, group, device)


class Full(Crowded):
    ROOM = 0


class EndsOnItsWay:
    """Work whose process ends when it unpacks it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (1,)

    def __call__(self, group: Group, device: torch.device) -> None:
        raise NotImplementedError


def test_a_process_that_ends_on_its_way_is_not_waited_for() -> None:
    with pytest.raises(GraftError, match="ended before it began"):
        together(lambda group, device: pytest.fail("began"), EndsOnItsWay(), [torch.device("cpu")] * 2)


def learnt_together(
    settings: Settings, blobs: list[str], folder: Path, kind: type[Member], size: int
) -> tuple[Watcher, dict[str, torch.Tensor]]:
    """By torch's DistributedDataParallel over gloo; a network without batch norm, which would see half a batch."""
    recipe = WHOLE.with_settings(
        {"backbone": "timm:test_convnext", "augmentation": "none", "erase": "0", "mixup": "0", "ema": "0",
         "optimizer": "sgd", "epochs": "2", "learning_rate": "0.01", "imbalance": "ignore"}
    )  # fmt: skip
    targets = torch.arange(24) % 2
    pixels = PixelCache(settings, SIZE, "squash")
    pixels.fill(blobs)
    parts = Part(blobs[:15], targets[:15]), Part(blobs[16:], targets[16:])  # 15: the shares of a batch differ
    folder.mkdir()
    torch.manual_seed(0)
    network, watcher = Network("timm:test_convnext", 2, image_size=SIZE), Watcher()

    def first(group: Group, device: torch.device) -> None:
        Trainer(network, pixels, Task.SINGLE, recipe, *parts, folder, watcher, group).fit()

    together(first, kind(network, pixels, Task.SINGLE, recipe, *parts, folder), [torch.device("cpu")] * size)
    return watcher, network.state_dict()


@pytest.mark.parametrize("kind", [Member, Crowded], ids=["plenty of memory", "little memory in one of them"])
def test_two_processes_learn_what_one_does(
    settings: Settings, blobs: list[str], tmp_path: Path, kind: type[Member]
) -> None:
    one, alone = learnt_together(settings, blobs, tmp_path / "one", Member, 1)
    two, shared = learnt_together(settings, blobs, tmp_path / "two", kind, 2)
    assert [epoch for epoch, _ in two.curves] == [1, 2]
    for (_, expected), (_, values) in zip(one.curves, two.curves, strict=True):
        assert values == pytest.approx(expected, abs=1e-4)
    before = Network("timm:test_convnext", 2, image_size=SIZE).state_dict()
    for name, value in alone.items():
        assert torch.allclose(shared[name], value, atol=1e-4), name
    assert any(not torch.allclose(alone[name], value, atol=1e-3) for name, value in before.items())
    assert (tmp_path / "two" / "checkpoint.pt").exists()
    assert two.notes == [
        "The device's memory is too small for 4 pictures at a time: going on with 2, gradients added up."
    ] * (kind is Crowded)


def test_two_processes_say_together_that_nothing_fits_one_of_them(
    settings: Settings, blobs: list[str], tmp_path: Path
) -> None:
    with pytest.raises(OutOfMemory, match="Not even two pictures"):
        learnt_together(settings, blobs, tmp_path / "two", Full, 2)
